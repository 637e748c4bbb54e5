import { assert, describe, it } from "@effect/vitest"
import { sizeOf, stored } from "../../../src/responder/internal/storedAnswer.ts"

describe("a stored answer", () => {
  it("keeps its own bytes alive and nothing else, and counts them all", () => {
    const pool = new Uint8Array(1_000_000).fill(7)
    const answer = stored({ outcome: "success", body: pool.subarray(3, 5) }, [["h", pool.subarray(5, 6)]])
    const bytes = [answer.body, answer.headers[0]![1]]
    assert.deepStrictEqual(bytes, [Uint8Array.of(7, 7), Uint8Array.of(7)])
    assert.deepStrictEqual(
      bytes.map(({ buffer }) => buffer.byteLength),
      [2, 1]
    )
    const larger = stored({ outcome: "success", body: new Uint8Array(1_002) }, [["h2", new Uint8Array(501)]])
    assert.strictEqual(sizeOf(larger) - sizeOf(answer), 1_501)
  })
})
