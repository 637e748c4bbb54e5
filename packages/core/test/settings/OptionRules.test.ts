import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as OptionRules from "../../src/settings/OptionRules.ts"
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
    ["retryBudgetRatio", 2]
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
  it("takes the default of an option that is given as undefined, so that no limit is lost", () => {
    const given: object = { maxInFlight: undefined, maxInFlightBytes: 5, replyTopic: undefined }
    assert.deepStrictEqual(OptionRules.withDefaults(RequesterOptions.defaults, given), {
      ...RequesterOptions.defaults,
      maxInFlightBytes: 5
    })
  })
})
