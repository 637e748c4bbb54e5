import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { Reply } from "../../../src/requester/internal/call.ts"
import type { RequestError } from "../../../src/requester/RequestError.ts"
import { because, Unreachable } from "../../../src/kafka/TransportError.ts"
import type { Outcome } from "../../../src/wire/ReplyEnvelope.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"
import * as Engine from "../ScriptedCalls.ts"

type Event =
  | { readonly _tag: "Call"; readonly timeout: number }
  | { readonly _tag: "Reply"; readonly number: number; readonly outcome: Outcome }
  | { readonly _tag: "Wait"; readonly millis: number }
  | { readonly _tag: "Interrupt"; readonly number: number }
  | { readonly _tag: "Lost" }

const call: Arbitrary.Arbitrary<Event> = Arbitrary.map(int(1, 50), (timeout) => ({ _tag: "Call", timeout }))
const answer: Arbitrary.Arbitrary<Event> = Arbitrary.map(
  Arbitrary.all([int(1, 12), elementOf<Outcome>(["success", "failure", "rejected"])]),
  ([number, outcome]) => ({ _tag: "Reply", number, outcome })
)
const event = oneOf<Event>(
  call,
  call,
  answer,
  answer,
  answer,
  Arbitrary.map(int(0, 30), (millis) => ({ _tag: "Wait", millis })),
  Arbitrary.map(int(1, 12), (number) => ({ _tag: "Interrupt", number })),
  Arbitrary.map(int(0, 9), (chance) => (chance === 0 ? { _tag: "Lost" } : { _tag: "Wait", millis: 1 }))
)

/** How a call ended, in a word. */
const wordOf = (exit: Exit.Exit<Reply, RequestError>): string => {
  if (Exit.isSuccess(exit)) return exit.value.envelope.outcome
  return Exit.hasInterrupts(exit) ? "interrupted" : Engine.reasonOf(exit)._tag
}

describe("the call engine", () => {
  it.effect.prop(
    "ends every call once, by the first thing that can end it, and keeps nothing of it",
    [Arbitrary.array(event, { maxLength: 40 })],
    ([events]) =>
      Effect.gen(function* () {
        const { call, close, engine, hear, reply } = yield* Engine.make()
        const fibers: Array<Fiber.Fiber<Reply, RequestError>> = []
        /** What is expected of each call; undefined while it is pending. */
        const expected: Array<string | undefined> = []
        const deadlines: Array<number> = []
        let now = 0
        const end = (number: number, word: string): void => {
          if (number <= expected.length) expected[number - 1] ??= word
        }
        for (const event of events) {
          switch (event._tag) {
            case "Call":
              fibers.push(yield* call({ timeout: event.timeout }))
              expected.push(undefined)
              deadlines.push(now + event.timeout)
              break
            case "Reply":
              reply(event.number, {
                outcome: event.outcome,
                status: event.outcome === "rejected" ? "internal" : undefined
              })
              end(event.number, event.outcome === "rejected" ? "Unanswerable" : event.outcome)
              break
            case "Wait":
              yield* TestClock.adjust(event.millis)
              now += event.millis
              for (const [index, deadline] of deadlines.entries()) if (deadline <= now) end(index + 1, "Timeout")
              break
            case "Interrupt": {
              const fiber = fibers[event.number - 1]
              if (fiber !== undefined) yield* Fiber.interrupt(fiber)
              end(event.number, "interrupted")
              break
            }
            case "Lost":
              engine.onReplyAddressLost(because(new Unreachable({ brokers: [], detail: "" })))
              hear()
              for (let number = 1; number <= expected.length; number++) end(number, "ReplyAddressLost")
          }
          assert.strictEqual(engine.inFlight(), expected.filter((word) => word === undefined).length)
        }
        yield* close
        for (let number = 1; number <= expected.length; number++) end(number, "Closed")
        assert.strictEqual(engine.inFlight(), 0)
        const exits = yield* Effect.forEach(fibers, Fiber.await)
        assert.deepStrictEqual(exits.map(wordOf), expected)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 200 } }
  )
})
