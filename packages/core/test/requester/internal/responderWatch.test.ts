import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import * as ResponderWatch from "../../../src/requester/internal/responderWatch.ts"
import { because, NoAnswer, NotAuthorized, type TransportError } from "../../../src/kafka/TransportError.ts"

type Look = number | "fails" | "hangs" | "denied"

const denied = because(new NotAuthorized({ code: "GROUP_AUTHORIZATION_FAILED", detail: "" }))

const answer = (look: Look): Effect.Effect<number, TransportError> => {
  if (look === "hangs") return Effect.never
  if (look === "denied") return Effect.fail(denied)
  return look === "fails" ? Effect.fail(because(new NoAnswer({ detail: "" }))) : Effect.succeed(look)
}

/** What is believed after each of these looks at the group. */
const beliefsAfter = Effect.fnUntraced(function* (looks: ReadonlyArray<Look>) {
  let made = 0
  const watch = yield* ResponderWatch.make(
    "shop.responder",
    Effect.suspend(() => answer(looks[made++] ?? "hangs"))
  )
  const beliefs: Array<boolean> = []
  for (const look of looks) {
    // A look that hangs is given up after a second.
    yield* TestClock.adjust(look === "hangs" ? "1 second" : 0)
    beliefs.push(watch.absence() !== undefined)
    yield* TestClock.adjust("1 second")
  }
  return beliefs
})

describe("ResponderWatch", () => {
  const cases: ReadonlyArray<readonly [what: string, looks: ReadonlyArray<Look>, beliefs: ReadonlyArray<boolean>]> = [
    ["believes that nobody is there at the second look", [0, 0, 0], [false, true, true]],
    ["does not believe a moment without a member", [1, 0, 1, 0, 1], [false, false, false, false, false]],
    ["sees who comes at the next look", [0, 0, 2], [false, true, false]],
    ["takes what cannot be found out for somebody there", [0, 0, "fails", 0, 0], [false, true, false, false, true]],
    ["takes a look that is denied for somebody there", [0, 0, "denied", 0, 0], [false, true, false, false, true]],
    ["gives up a look that hangs", [0, 0, "hangs", 0, 0], [false, true, false, false, true]]
  ]
  for (const [what, looks, beliefs] of cases) {
    it.effect(what, () => Effect.map(beliefsAfter(looks), (found) => assert.deepStrictEqual(found, beliefs)))
  }

  it.effect("says once, when looking is denied, which right is missing and what that means", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))
      yield* beliefsAfter(["fails", "hangs", "denied", 1, "denied", "denied"]).pipe(
        Effect.provide(Logger.layer([logger]))
      )
      assert.lengthOf(lines, 1)
      assert.match(lines[0]!, /^Warn .*Describe.*group shop\.responder.*GROUP_AUTHORIZATION_FAILED/)
      assert.match(lines[0]!, /deadline/)
    })
  )
})
