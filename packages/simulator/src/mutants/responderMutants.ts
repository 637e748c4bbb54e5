/**
 * Bugs of the responder: its ledger, its deduplication, its lanes, its drain.
 */
import { CancelledIds } from "@kafka-request-reply/core/simulator/responder/internal/cancelledIds"
import { DedupeTable } from "@kafka-request-reply/core/simulator/responder/internal/dedupeTable"
import { OffsetLedger } from "@kafka-request-reply/core/simulator/responder/internal/offsetLedger"
import { Ownership } from "@kafka-request-reply/core/simulator/responder/internal/ownership"
import { RequestLanes } from "@kafka-request-reply/core/simulator/responder/internal/requestLanes"
import { both, type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const table = DedupeTable.prototype as DedupeTable<unknown>
const lanes = RequestLanes.prototype as RequestLanes<unknown>

const noDedupe = ofClasses("no dedupe", "every request is a new one", () => {
  let fresh = 0
  return both(
    replace(
      table,
      "claim",
      (original) =>
        function (identity, waiter, now) {
          return original.call(this, { ...identity, id: `${identity.id} ${fresh++}` }, waiter, now)
        }
    ),
    replace(
      table,
      "ownerOf",
      () =>
        function () {
          return undefined
        }
    )
  )
})

const errorAsSuccess = ofClasses("stored error replayed as success", "what is kept of a final error is a success", () =>
  replace(
    table,
    "finish",
    (original) =>
      function (entry, reply, limits, now) {
        return original.call(this, entry, { ...reply, outcome: "success" }, limits, now)
      }
  )
)

const conflictIgnored = ofClasses(
  "key conflict ignored",
  "a key with another payload gets the answer of the first",
  () =>
    replace(
      table,
      "claim",
      (original) =>
        function (identity, waiter, now) {
          return original.call(this, { ...identity, fingerprint: "" }, waiter, now)
        }
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
  both(
    replace(
      lanes,
      "offer",
      (original) =>
        function (request) {
          return original.call(this, request, undefined)
        }
    ),
    replace(
      lanes,
      "finished",
      (original) =>
        function () {
          return original.call(this, undefined)
        }
    )
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
