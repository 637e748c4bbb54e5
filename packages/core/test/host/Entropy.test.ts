import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Entropy } from "../../src/host/Entropy.ts"

describe("Entropy", () => {
  it.effect("is the operating system's unless replaced", () =>
    Effect.gen(function* () {
      const { bytes } = yield* Entropy
      const draws = Array.from({ length: 50 }, () => Buffer.from(bytes(8)).toString("hex"))
      assert.isTrue(draws.every((draw) => draw.length === 16))
      assert.strictEqual(new Set(draws).size, draws.length)
    })
  )

  it.effect("can be replaced", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([...(yield* Entropy).bytes(3)], [7, 7, 7])
    }).pipe(Effect.provideService(Entropy, { bytes: (count) => new Uint8Array(count).fill(7) }))
  )
})
