/**
 * The records of a call: where each attempt goes, and what its headers say. The first record is the call itself.
 *
 * A record without a key may go to any partition. It does not wait for one that cannot be written to: it comes back, and
 * goes elsewhere, as long as there is an elsewhere.
 */
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import { type Attempt, Call, type CallParts, type Retry } from "./call.ts"

/** A call as it is registered and offered; its correlation id is of the token and its number. */
export const firstAttempt = (
  parts: Omit<CallParts, "correlationId">,
  token: Uint8Array,
  replyTo: ReplyAddress | undefined
): Call => {
  const { number, route, template } = parts
  const { fields, key, value } = template
  const correlationId = CorrelationId.make(token, number)
  const headers = RequestEnvelope.encodeAttempt(fields, fields.timeout, correlationId, replyTo, 1)
  const { topic } = route.router
  const record = { topic, partition: route.router.route(key), key, value, headers }
  return new Call(record, { ...parts, correlationId }, key === null ? false : template.waitsForReady)
}

const headersOf = (call: Call, ordinal: number, replyTo: ReplyAddress | undefined, now: number) => {
  const left = Math.max(0, Math.round(call.deadline - now))
  return RequestEnvelope.encodeAttempt(call.template.fields, left, call.correlationId, replyTo, ordinal)
}

const recordTo = (call: Call, partition: number, ordinal: number, replyTo: ReplyAddress | undefined, now: number) => {
  const { key, value } = call.template
  return { topic: call.topic, partition, key, value, headers: headersOf(call, ordinal, replyTo, now) }
}

/**
 * Names another reply address in the records of a call that were not written yet. They keep their places in the publisher's
 * queues, and so the order of their keys; they get no larger, since a partition's number has four bytes.
 */
export const readdress = (call: Call, replyTo: ReplyAddress, now: number): void => {
  for (const attempt of call.records) {
    if (attempt.delivery === "not-sent" && !attempt.isRefused) {
      attempt.headers = headersOf(call, attempt.ordinal, replyTo, now)
    }
  }
}

/** Whether an attempt may go to any partition. Only the first one's responder can deduplicate those of unsafe operations. */
export const mayGoAnywhere = ({ template }: Call, ordinal: number): boolean =>
  template.operation.isSafe ? template.key === null || ordinal > 1 : template.key === null && ordinal === 1

/** The next attempt, with what is left of the call's time. */
export const nextAttempt = (call: Call, replyTo: ReplyAddress | undefined, now: number): Retry => {
  const { route, template } = call
  const { isSafe } = template.operation
  const ordinal = call.made + 1
  const partition = isSafe
    ? (route.router.elsewhere(call.tried) ?? route.router.route(template.key))
    : call.newest.partition
  return call.again(recordTo(call, partition, ordinal, replyTo, now), ordinal, isSafe ? false : template.waitsForReady)
}

/** Another attempt beside those that are out. It does not wait for a partition: the others are under way. */
export const hedgeAttempt = (call: Call, replyTo: ReplyAddress | undefined, now: number, partition: number): Retry => {
  const ordinal = call.made + 1
  return call.again(recordTo(call, partition, ordinal, replyTo, now), ordinal, false, true)
}

/** An attempt once more, since it was certainly not written. `isLast`: it waits there if it has to. */
export const anotherAttempt = (
  { call, isHedge, ordinal }: Attempt,
  replyTo: ReplyAddress | undefined,
  now: number,
  partition: number,
  isLast = false
): Retry => {
  const waits = call.template.waitsForReady && (isLast || !mayGoAnywhere(call, ordinal))
  return call.again(recordTo(call, partition, ordinal, replyTo, now), ordinal, waits, isHedge)
}
