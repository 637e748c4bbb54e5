/**
 * Bugs of hedging: what is hedged, under which number, and what becomes of the attempts that lose.
 */
import { Call } from "@kafka-request-reply/core/simulator/requester/internal/call"
import { Calls } from "@kafka-request-reply/core/simulator/requester/internal/calls"
import { Hedger } from "@kafka-request-reply/core/simulator/requester/internal/hedger"
import { Hedging } from "@kafka-request-reply/core/simulator/requester/internal/hedging"
import { timesOf } from "@kafka-request-reply/core/simulator/requester/internal/retry"
import { type Mutant, ofClasses, replace } from "./Mutant.ts"

const everythingHedged = ofClasses("everything hedged", "operations that may run once are hedged too", () =>
  replace(
    Calls.prototype,
    "exchange",
    (original) =>
      function (template, route, history) {
        const hedging = new Hedging({ delay: "40 millis" })
        const policy = timesOf({ maxAttempts: 1, baseDelay: 1, maxDelay: 1 })
        return original.call(this, { ...template, hedging, policy: template.policy ?? policy }, route, history)
      }
  )
)

const hedgesForgotten = ofClasses("hedges forgotten", "no attempt is sent beside another one", () =>
  replace(Hedger.prototype, "called", () => function () {})
)

const numberShared = ofClasses("hedge without a number", "a hedge has the number of the attempt beside it", () =>
  replace(
    Call.prototype,
    "again",
    (original) =>
      function (record, ordinal, waits, isHedge) {
        const { headers } = record
        if (isHedge !== true) return original.call(this, record, ordinal, waits, isHedge)
        return original.call(
          this,
          { ...record, headers: this.headers.length > 0 ? this.headers : headers },
          1,
          waits,
          true
        )
      }
  )
)

const losersRunOn = ofClasses("losers run on", "attempts beside the one that was answered are not cancelled", () =>
  replace(Hedger.prototype, "cancelOthers", () => function () {})
)

export const hedgingMutants: ReadonlyArray<Mutant> = [everythingHedged, hedgesForgotten, numberShared, losersRunOn]
