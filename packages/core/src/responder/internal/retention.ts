/**
 * Makes what stays open after a batch its own: the bytes of a record are views of the whole fetch that brought it.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Machine } from "./machine.ts"
import { ownBytes, ownHeaders, ownRecord } from "./memory.ts"
import { Request } from "./state.ts"

const noHeaders: ConsumedRecord["headers"] = []

/** Copies what the newly taken records keep; those that have their outcome keep no more than where they stand. */
export const keepOwn = ({ fresh }: Machine): void => {
  for (const taken of fresh) {
    if (taken.isClosed) continue
    if (!(taken instanceof Request)) {
      // Its dead letter, if any, holds the bytes itself, as long as it is on its way.
      taken.record = { ...taken.record, key: null, value: null, headers: noHeaders }
      continue
    }
    const { envelope, record } = taken
    const correlationId = ownBytes(envelope.correlationId)
    if (taken.isSettled) {
      taken.record = { ...record, key: null, value: null, headers: noHeaders }
      taken.envelope = { ...envelope, correlationId, callHeaders: noHeaders }
      taken.info = undefined
    } else {
      const callHeaders = ownHeaders(envelope.callHeaders)
      taken.record = ownRecord({ ...record, headers: noHeaders })
      taken.envelope = { ...envelope, correlationId, callHeaders }
      // A handler that has started was given the views.
      if (taken.info !== undefined) Object.assign(taken.info, { correlationId, headers: callHeaders })
    }
  }
  fresh.length = 0
}
