import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as OptionRules from "../../src/settings/OptionRules.ts"
import * as PublisherOptions from "../../src/publisher/PublisherOptions.ts"
import * as StartError from "../../src/startup/StartError.ts"
import * as RequesterOptions from "../../src/requester/Options.ts"
import * as ResponderOptions from "../../src/responder/Options.ts"

describe("OptionRules", () => {
  it.effect("accepts the defaults of both sides", () =>
    Effect.gen(function* () {
      yield* StartError.checkOptions(RequesterOptions.defaults, RequesterOptions.rules)
      yield* StartError.checkOptions(ResponderOptions.defaults, ResponderOptions.rules)
    })
  )

  it.effect.each([
    ["maxInFlight", 0],
    ["maxInFlight", 1.5],
    ["maxInFlight", Number.NaN],
    ["timeout", "0 millis"],
    ["timeout", "soon"],
    ["timeout", Number.POSITIVE_INFINITY],
    ["maxTimeout", "30 days"],
    ["replyPartition", -1],
    ["retryBudgetRatio", 2],
    ["topics", "always"],
    ["tracing", "sometimes"],
    ["detectNoResponder", "yes"],
    ["publisher", 5],
    ["replyTopic", ""]
  ] as const)("names a requester's option %s of %s", ([option, given]) =>
    Effect.gen(function* () {
      const options = { ...RequesterOptions.defaults, [option]: given }
      const { reason } = yield* Effect.flip(StartError.checkOptions(options, RequesterOptions.rules))
      assert.deepInclude(reason, { _tag: "InvalidOption", option, given: String(given) })
      assert.include(reason.message, option)
    })
  )

  it.effect.each([
    ["instance", ""],
    ["instance", "x".repeat(256)],
    ["concurrency", 0],
    ["clockSkew", "-1 second"]
  ] as const)("names a responder's option %s of %s", ([option, given]) =>
    Effect.gen(function* () {
      const options = { ...ResponderOptions.defaults, [option]: given }
      const { reason } = yield* Effect.flip(StartError.checkOptions(options, ResponderOptions.rules))
      assert.deepInclude(reason, { _tag: "InvalidOption", option, given: String(given) })
    })
  )
  it.effect.each([
    ["maxInFligt", "did you mean maxInFlight?"],
    ["timeOut", "did you mean timeout?"],
    ["colour", "there are timeout, maxTimeout, "]
  ] as const)("refuses %s, which is no option of a requester, with the name that was meant", ([option, hint]) =>
    Effect.gen(function* () {
      const options = { ...RequesterOptions.defaults, [option]: 5 }
      const { message, reason } = yield* Effect.flip(StartError.checkOptions(options, RequesterOptions.rules))
      assert.deepInclude(reason, { _tag: "InvalidOption", option, given: "5" })
      assert.include(message, `${option} is 5; it accepts nothing, since there is no such option; ${hint}`)
      // Given as undefined is not given.
      yield* StartError.checkOptions({ ...options, [option]: undefined }, RequesterOptions.rules)
    })
  )

  it("has a rule for every option", () => {
    for (const [defaults, rules] of [
      [RequesterOptions.defaults, RequesterOptions.rules],
      [ResponderOptions.defaults, ResponderOptions.rules],
      [PublisherOptions.defaults, PublisherOptions.rules]
    ] as const) {
      assert.deepStrictEqual(Object.keys(rules).toSorted(), Object.keys(defaults).toSorted())
    }
  })

  it("takes the default of an option that is given as undefined, so that no limit is lost", () => {
    const given: object = { maxInFlight: undefined, maxInFlightBytes: 5, replyTopic: undefined }
    assert.deepStrictEqual(OptionRules.withDefaults(RequesterOptions.defaults, given), {
      ...RequesterOptions.defaults,
      maxInFlightBytes: 5
    })
  })
})
