/**
 * The records of a call: where each attempt goes, and what its headers say. The first attempt is the call itself.
 */
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import { Call, type CallParts, type Retry } from "./call.ts"

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
  return new Call({ topic, partition: route.router.route(key, 0), key, value, headers }, { ...parts, correlationId })
}

/** The next attempt, with what is left of the call's time. */
export const nextAttempt = (call: Call, replyTo: ReplyAddress | undefined, now: number): Retry => {
  const { fields, key, operation, value } = call.template
  const ordinal = call.made + 1
  // Retries of an unsafe operation go to the first attempt's partition: only that responder can deduplicate them.
  const partition = operation.isSafe ? call.route.router.route(key, ordinal - 1) : call.partition
  const left = Math.max(0, Math.round(call.deadline - now))
  const headers = RequestEnvelope.encodeAttempt(fields, left, call.correlationId, replyTo, ordinal)
  return call.again({ topic: call.topic, partition, key, value, headers })
}
