import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Engine from "../ScriptedCalls.ts"

describe("a call whose caller is interrupted", () => {
  it.effect("is counted as cancelled, not as ended by closing", () =>
    Effect.gen(function* () {
      const { call, close, counted } = yield* Engine.make()
      yield* Effect.flatMap(call(), Fiber.interrupt)
      assert.deepStrictEqual(counted(), ["ended Get cancelled"])
      yield* call()
      yield* close
      assert.deepStrictEqual(counted(), ["ended Get Closed"])
    })
  )
})
