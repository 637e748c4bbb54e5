/**
 * Bugs of the responder: its ledger, its deduplication, its lanes, its drain.
 */
import { CancelledIds } from "@kafka-request-reply/core/simulator/responder/internal/cancelledIds"
import { KeptAnswers } from "@kafka-request-reply/core/simulator/responder/internal/keptAnswers"
import { OffsetLedger } from "@kafka-request-reply/core/simulator/responder/internal/offsetLedger"
import { Ownership } from "@kafka-request-reply/core/simulator/responder/internal/ownership"
import { Schedule } from "@kafka-request-reply/core/simulator/responder/internal/schedule"
import { Claims, KeptAnswer, type Request, Run } from "@kafka-request-reply/core/simulator/responder/internal/state"
import { both, type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const table = KeptAnswers.prototype as KeptAnswers<KeptAnswer>
const schedule = Schedule.prototype as Schedule<Request>

const always = (): boolean => true

const noDedupe = ofClasses("no dedupe", "every request is a new one", () =>
  both(
    replace(
      table,
      "find",
      () =>
        function () {
          return undefined
        }
    ),
    replace(
      Claims.prototype,
      "get",
      () =>
        function () {
          return undefined
        }
    )
  )
)

const errorAsSuccess = ofClasses("stored error replayed as success", "what is kept of a final error is a success", () =>
  replace(
    table,
    "keep",
    (original) =>
      function (kept, limits, now) {
        Object.defineProperty(kept, "reply", { value: { ...kept.reply, outcome: "success" } })
        return original.call(this, kept, limits, now)
      }
  )
)

const conflictIgnored = ofClasses(
  "key conflict ignored",
  "a key with another payload gets the answer of the first",
  () =>
    both(
      replace(KeptAnswer.prototype, "isFor", () => always),
      replace(Run.prototype, "isFor", () => always)
    )
)

const commitBeforeAcknowledgement = ofClasses(
  "commit before acknowledgement",
  "an offset is done when it is taken",
  () =>
    replace(
      OffsetLedger.prototype,
      "take",
      (original) =>
        function (record) {
          const isNew = original.call(this, record)
          if (isNew) this.done(record.offset)
          return isNew
        }
    )
)

const oneTooMany = ofClasses("off by one in the commit", "the first open offset is committed too", () =>
  replace(
    OffsetLedger.prototype,
    "pending",
    (original) =>
      function () {
        const pending = original.call(this)
        return pending === undefined ? undefined : { ...pending, offset: pending.offset + 1 }
      }
  )
)

const windowOffByOne = ofClasses(
  "off by one in the done-set",
  "the offset after each one that is done counts as done",
  () =>
    replace(
      OffsetLedger.prototype,
      "done",
      (original) =>
        function (offset, to = offset + 1) {
          return original.call(this, offset, to + 1)
        }
    )
)

const drainForgets = ofClasses(
  "drain forgets one",
  "what was taken and not started counts as done when a responder lets go",
  () =>
    replace(
      Ownership.prototype,
      "close",
      (original) =>
        function (taken) {
          return original.call(this, taken, true)
        }
    )
)

const lanesWithoutKeys = ofClasses("lanes without keys", "requests with one key run at the same time", () =>
  replace(
    schedule,
    "offer",
    (original) =>
      function (request, at) {
        Object.defineProperty(request, "laneKey", { value: undefined })
        return original.call(this, request, at)
      }
  )
)

const doneSetIgnored: Mutant = ofServices("done-set ignored", "the metadata of a commit is not read", {
  transport: (transport) => ({
    ...transport,
    joinGroup: (join) =>
      transport.joinGroup({
        ...join,
        onAssigned: (partitions) => join.onAssigned(partitions.map((assigned) => ({ ...assigned, metadata: "" })))
      })
  })
})

const openForgotten = ofClasses(
  "open work forgotten",
  "a record delivered again while it is worked on is taken anew",
  () =>
    replace(
      Ownership.prototype,
      "isOpen",
      () =>
        function () {
          return false
        }
    )
)

const inheritsNothing = ofClasses(
  "ownership inherits nothing",
  "what was done and not committed before a rebalance is forgotten",
  () => replace(OffsetLedger.prototype, "inherit", () => function () {})
)

const cancelsForgotten = ofClasses("cancels forgotten", "a cancel that comes before its request has no effect", () =>
  replace(
    CancelledIds.prototype,
    "has",
    () =>
      function () {
        return false
      }
  )
)

export const responderMutants: ReadonlyArray<Mutant> = [
  noDedupe,
  errorAsSuccess,
  conflictIgnored,
  commitBeforeAcknowledgement,
  oneTooMany,
  windowOffByOne,
  drainForgets,
  lanesWithoutKeys,
  doneSetIgnored,
  openForgotten,
  inheritsNothing,
  cancelsForgotten
]
