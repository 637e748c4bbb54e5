import { assert, describe, it } from "@effect/vitest"
import { asBuffer, isSame, toLatin1 } from "../../src/wire/Bytes.ts"
import * as Arbitraries from "./arbitraries.ts"

const bytes = Arbitraries.bytes(0, 40)

describe("bytes", () => {
  it.prop("are the same when all of them are", [bytes, bytes], ([one, other]) => {
    assert.strictEqual(isSame(one, other), Buffer.compare(one, other) === 0)
    assert.isTrue(isSame(one, Uint8Array.from(one)))
  })

  it.prop("are viewed, not copied, and only when they are no Buffer", [bytes], ([one]) => {
    const view = asBuffer(one)
    assert.strictEqual(view.buffer, one.buffer)
    assert.strictEqual(asBuffer(view), view)
    assert.deepStrictEqual([...Buffer.from(toLatin1(one), "latin1")], [...one])
  })
})
