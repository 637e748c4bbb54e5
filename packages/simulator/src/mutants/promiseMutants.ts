/**
 * Bugs of what the responder promises beyond answering: whose answers are whose, who waits for whom, what is counted, and
 * what becomes of a log that loses things.
 */
import { CallAncestry } from "@kafka-request-reply/core/simulator/contract/CallAncestry"
import { Commands } from "@kafka-request-reply/core/simulator/responder/internal/commands"
import { Execution } from "@kafka-request-reply/core/simulator/responder/internal/execute"
import { LogHistory } from "@kafka-request-reply/core/simulator/responder/internal/logHistory"
import { Machine } from "@kafka-request-reply/core/simulator/responder/internal/machine"
import { Ownership } from "@kafka-request-reply/core/simulator/responder/internal/ownership"
import { Replies } from "@kafka-request-reply/core/simulator/responder/internal/reply"
import type { ConsumedRecord } from "@kafka-request-reply/core/Transport"
import * as Effect from "effect/Effect"
import { type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const identityForgotten = ofClasses("identity forgotten", "two callers with one key share an answer", () =>
  replace(
    Execution.prototype,
    "instead",
    (original) =>
      function () {
        return original.call(this, undefined)
      }
  )
)

const ancestorsForgotten: Mutant = ofServices("ancestors forgotten", "calls made by handlers do not say for whom", {
  nested: (call) => Effect.provideService(call, CallAncestry, undefined)
})

const recordsWeighNothing = ofClasses("records weigh nothing", "the bytes of what is open are not counted", () =>
  replace(
    Ownership.prototype,
    "add",
    (original) =>
      function (taken) {
        taken.bytes = 0
        return original.call(this, taken)
      }
  )
)

const oneBudget = ofClasses("one budget for all answers", "calls without a key take the place of answers per key", () =>
  replace(
    Machine.prototype,
    "answersOf",
    () =>
      function () {
        return this.keyed
      }
  )
)

const refusedInSilence = ofClasses("refused replies vanish", "nobody hears of a reply that cannot be written", () =>
  replace(
    Replies.prototype,
    "refused",
    () =>
      function () {
        return false
      }
  )
)

const batchPassedOver: Mutant = ofServices("damage passed over", "a batch that cannot be read is not kept", {
  transport: (transport) => ({
    ...transport,
    joinGroup: (join) => transport.joinGroup({ ...join, onUndecodable: () => true })
  })
})

const batchIsItsFirst = ofClasses("a batch is its first offset", "the rest of a batch that is kept is never done", () =>
  replace(
    Ownership.prototype,
    "add",
    (original) =>
      function (taken) {
        return original.call(this, Object.assign(taken, { end: taken.record.offset + 1 }))
      }
  )
)

const refusalsUntold = ofClasses("refusals untold", "what is refused before it is taken is told to nobody", () =>
  replace(
    Commands.prototype,
    "add",
    (original) =>
      function (what, ...given) {
        if (what !== "refused") original.call(this, what, ...given)
      }
  )
)

/** A log whose records are seen as others than they are. */
const seenAs = (
  name: string,
  what: string,
  seen: (record: ConsumedRecord, history: LogHistory) => ConsumedRecord
): Mutant =>
  ofClasses(name, what, () =>
    replace(
      LogHistory.prototype,
      "read",
      (original) =>
        function (record, end) {
          return original.call(this, seen(record, this), end)
        }
    )
  )

const cutUnnoticed = seenAs(
  "cut log unnoticed",
  "records of a new leader epoch are taken for redelivered ones",
  (record) => ({ ...record, leaderEpoch: undefined })
)

const cutTakenForNew = seenAs(
  "log read again runs again",
  "a log that is read again is taken for another one",
  (record, { seen }) => (record.offset < seen ? { ...record, topicId: `again ${record.offset}` } : record)
)

const remadeUnnoticed = seenAs(
  "new topic unnoticed",
  "records of a topic made anew are taken for redelivered ones",
  (record, { topicId }) => ({ ...record, topicId })
)

export const promiseMutants: ReadonlyArray<Mutant> = [
  identityForgotten,
  ancestorsForgotten,
  recordsWeighNothing,
  oneBudget,
  refusedInSilence,
  batchPassedOver,
  batchIsItsFirst,
  refusalsUntold,
  cutUnnoticed,
  cutTakenForNew,
  remadeUnnoticed
]
