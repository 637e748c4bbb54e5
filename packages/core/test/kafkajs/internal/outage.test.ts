import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import { TestClock } from "effect/testing"
import { Outage } from "../../../src/kafkajs/internal/outage.ts"
import { because, NoAnswer } from "../../../src/kafka/TransportError.ts"

const error = because(new NoAnswer({ detail: "silence" }))

/** Runs the program with its log lines gathered. */
const gathering = Effect.fnUntraced(function* (program: (outage: Outage) => Effect.Effect<void>) {
  const lines: Array<string> = []
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
  const outage = new Outage(yield* Clock.Clock, "reading orders-0")
  yield* program(outage).pipe(Effect.provide(Logger.layer([logger])))
  return lines
})

/** The pause after a failure, in milliseconds. */
const pauseAfter = Effect.fnUntraced(function* (outage: Outage) {
  const fiber = yield* Effect.forkChild(outage.failed(error), { startImmediately: true })
  let millis = 0
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust(50)
    millis += 50
  }
  yield* Fiber.join(fiber)
  return millis
})

describe("Outage", () => {
  it.effect("pauses longer and longer, up to half a second, and starts over once it worked", () =>
    Effect.gen(function* () {
      const pauses: Array<number> = []
      yield* gathering((outage) =>
        Effect.gen(function* () {
          for (let i = 0; i < 6; i++) pauses.push(yield* pauseAfter(outage))
          yield* outage.worked
          pauses.push(yield* pauseAfter(outage))
        })
      )
      assert.deepStrictEqual(pauses, [50, 100, 200, 400, 500, 500, 50])
    })
  )

  it.effect("says nothing of what passes soon: the broker is told by its name", () =>
    Effect.gen(function* () {
      const lines = yield* gathering((outage) =>
        Effect.andThen(pauseAfter(outage), Effect.andThen(pauseAfter(outage), outage.worked))
      )
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("says once that it fails and once that it works again, and after how long", () =>
    Effect.gen(function* () {
      const lines = yield* gathering((outage) =>
        Effect.gen(function* () {
          for (let i = 0; i < 70; i++) yield* pauseAfter(outage)
          yield* outage.worked
          yield* outage.worked
        })
      )
      assert.deepStrictEqual(lines, [
        `Warn reading orders-0 has failed for 30250 ms, trying on: ${error.message}`,
        "Info reading orders-0 works again after 33750 ms"
      ])
    })
  )
})
