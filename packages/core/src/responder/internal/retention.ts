/**
 * Makes what stays open after a batch its own: the bytes of a record are views of the whole fetch that brought it.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Machine } from "./machine.ts"
import { ownHeaders, ownRecord } from "./memory.ts"
import { Request } from "./state.ts"

const noHeaders: ConsumedRecord["headers"] = []

/** A record as far as it has to be found again. */
const placeOf = ({ offset, partition, timestamp, topic }: ConsumedRecord): ConsumedRecord => ({
  topic,
  partition,
  offset,
  timestamp,
  key: null,
  value: null,
  headers: noHeaders
})

/**
 * Copies what the newly taken records keep; those that have their outcome keep no more than where they stand. To be called
 * before the next batch, or soon when none comes: most records are done by then, and cost nothing.
 */
export const keepOwn = ({ fresh }: Machine): void => {
  for (const taken of fresh) {
    if (taken.isClosed) continue
    if (!(taken instanceof Request)) {
      // Its dead letter, if any, holds the bytes itself, as long as it is on its way.
      taken.record = placeOf(taken.record)
      continue
    }
    const { envelope, record } = taken
    const callHeaders = taken.isSettled ? noHeaders : ownHeaders(envelope.callHeaders)
    if (envelope.callHeaders.length > 0) taken.envelope = { ...envelope, callHeaders }
    taken.record = taken.isSettled ? placeOf(record) : ownRecord(record)
    // A handler that has started was given the views.
    if (taken.isSettled) taken.info = undefined
    else if (taken.info !== undefined) Object.assign(taken.info, { headers: callHeaders })
  }
  fresh.length = 0
}
