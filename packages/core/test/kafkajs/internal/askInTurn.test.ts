import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { because, NotAuthorized, Unreachable } from "../../../src/kafka/TransportError.ts"
import { askInTurn } from "../../../src/kafkajs/internal/askInTurn.ts"

const away = (broker: string) => because(new Unreachable({ brokers: [broker], detail: "away" }))
const none = away("none")

describe("askInTurn", () => {
  it.effect("asks the next at once when one fails, and nobody without need", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const attempt = (i: number) =>
        Effect.suspend(() => {
          asked.push(i)
          return i === 0 ? Effect.fail(away("a")) : Effect.succeed(i)
        })
      assert.strictEqual(yield* askInTurn([0, 1, 2].map(attempt), none), 1)
      assert.deepStrictEqual(asked, [0, 1])
    })
  )

  it.effect("asks the next beside one that keeps silent", () =>
    Effect.gen(function* () {
      const asking = yield* Effect.forkChild(askInTurn([Effect.never, Effect.never, Effect.succeed("c")], none), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(asking), "c")
    })
  )

  it.effect("takes an answer that comes late from who was asked first", () =>
    Effect.gen(function* () {
      const late = Effect.delay(Effect.succeed("late"), "2 seconds")
      const asking = yield* Effect.forkChild(askInTurn([late, Effect.fail(away("b"))], none), {
        startImmediately: true
      })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* Fiber.join(asking), "late")
    })
  )

  it.effect("fails when all have failed, at once with what would be the same anywhere, and when there is nobody", () =>
    Effect.gen(function* () {
      const denied = because(new NotAuthorized({ code: "TOPIC_AUTHORIZATION_FAILED", detail: "" }))
      assert.strictEqual(
        yield* Effect.flip(askInTurn([Effect.fail(away("a")), Effect.fail(away("b"))], none)).pipe(
          Effect.map(({ message }) => message.includes(" b "))
        ),
        true
      )
      assert.strictEqual(yield* Effect.flip(askInTurn([Effect.fail(denied), Effect.never], none)), denied)
      assert.strictEqual(yield* Effect.flip(askInTurn([], none)), none)
    })
  )
})
