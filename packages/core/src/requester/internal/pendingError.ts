/**
 * What is said of a call that ends without a reply, from what is known of its attempts.
 */
import * as CorrelationId from "../../wire/CorrelationId.ts"
import { Closed, type RequestError, Timeout } from "../RequestError.ts"
import type { PendingCall } from "./pendingCall.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

export const timeoutOf = (call: PendingCall): RequestError => {
  // A rejection says nothing of an attempt made after it.
  if (call.rejection !== undefined && !call.hasOpenAttempt) return call.rejection
  const cause = call.unsentBecause
  return requestErrorOf(
    call.operation,
    new Timeout({
      operation: call.operation.tag,
      timeoutMillis: Math.round(call.deadline - call.startedAt),
      delivery: call.delivery,
      attempts: call.newestAttempt,
      correlationId: CorrelationId.toHex(call.correlationId),
      ...(cause === undefined ? {} : { cause })
    })
  )
}

export const closedOf = ({ delivery, operation }: PendingCall): RequestError =>
  requestErrorOf(operation, new Closed({ operation: operation.tag, delivery }))
