/**
 * Bugs between the engine and the brokers: batching, acknowledgements, positions, cancels.
 */
import type { OutgoingRecord } from "@kafka-request-reply/core/Transport"
import * as Verdict from "@kafka-request-reply/core/simulator/kafka/Verdict"
import * as HeaderNames from "@kafka-request-reply/core/simulator/wire/HeaderNames"
import * as Effect from "effect/Effect"
import { KeyGate } from "@kafka-request-reply/core/simulator/publisher/internal/keyGate"
import { type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const gateOpen = ofClasses("batches share keys", "two batches in flight may carry the same key", () =>
  replace(
    KeyGate.prototype,
    "admit",
    () =>
      function () {
        return true
      }
  )
)

const gateReversed = ofClasses(
  "key order reversed",
  "records that waited for their key are sent in the opposite order",
  () =>
    replace(
      KeyGate.prototype,
      "open",
      (original) =>
        function (batch) {
          return original.call(this, batch).toReversed()
        }
    )
)

const silenceIsConsent: Mutant = ofServices(
  "silence is consent",
  "a partition the broker says nothing about counts as acknowledged",
  {
    link: (link) => ({
      ...link,
      send: (leader, batches, timeoutMillis) =>
        Effect.map(link.send(leader, batches, timeoutMillis), ({ verdicts, throttleMillis }) => ({
          throttleMillis,
          verdicts: verdicts.map((verdict) =>
            verdict._tag === "Unknown" && verdict.error.reason._tag === "Unacknowledged" ? Verdict.written : verdict
          )
        }))
    })
  }
)

/** The id of the call made before. */
const previous = (id: Uint8Array): Uint8Array => id.with(id.length - 1, id.at(-1)! - 1)

const misdirect = (record: OutgoingRecord): OutgoingRecord => {
  if (record.topic !== "sim.control") return record
  const headers = record.headers.map(
    ([name, value]) => [name, name === HeaderNames.correlationId ? previous(value) : value] as const
  )
  return { ...record, headers }
}

const cancelWrong: Mutant = ofServices("cancel of the wrong id", "a cancel names the call made before", {
  transport: (transport) => ({
    ...transport,
    link: {
      ...transport.link,
      send: (leader, batches, millis) =>
        transport.link.send(
          leader,
          batches.map((batch) => ({ ...batch, records: batch.records.map(misdirect) })),
          millis
        )
    }
  })
})

const positionLost: Mutant = ofServices(
  "position lost at restart",
  "commits are not sent, so the next owner starts anew",
  {
    transport: (transport) => ({
      ...transport,
      joinGroup: (join) => Effect.map(transport.joinGroup(join), (member) => ({ ...member, commit: () => Effect.void }))
    })
  }
)

const handoverForgotten: Mutant = ofServices(
  "handover forgotten",
  "who gives its partitions up does not commit before it goes",
  {
    transport: (transport) => ({
      ...transport,
      joinGroup: (join) => {
        let isRevoking = false
        const onRevoking = Effect.suspend(() => {
          isRevoking = true
          return Effect.ensuring(
            join.onRevoking,
            Effect.sync(() => (isRevoking = false))
          )
        })
        return Effect.map(transport.joinGroup({ ...join, onRevoking }), (member) => ({
          ...member,
          commit: (offsets) => Effect.suspend(() => (isRevoking ? Effect.void : member.commit(offsets)))
        }))
      }
    })
  }
)

const positionLate: Mutant = ofServices(
  "position fixed late",
  "a reader at the end finds its position 40 ms after it said so",
  {
    transport: (transport) => ({
      ...transport,
      readPartition: (read) =>
        read.from === "end"
          ? Effect.as(
              Effect.forkScoped(
                Effect.delay(Effect.ignore(transport.readPartition(read)), "40 millis").pipe(
                  Effect.andThen(Effect.never),
                  Effect.scoped
                )
              ),
              { start: 0 }
            )
          : transport.readPartition(read)
    })
  }
)

export const transportMutants: ReadonlyArray<Mutant> = [
  gateOpen,
  gateReversed,
  silenceIsConsent,
  cancelWrong,
  positionLost,
  handoverForgotten,
  positionLate
]
