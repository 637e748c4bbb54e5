/**
 * What a rejected reply means for its caller. Pure.
 */
import * as Result from "effect/Result"
import type { Operation } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import * as Status from "../../wire/Status.ts"
import { ClockSkew, Rejected, type RequestError, Unanswerable } from "../RequestError.ts"
import type { Reply } from "./call.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

// A rejection's body is {"message": "..."}; anything else is shown as nothing rather than refused.
const detailOf = (reply: Reply): string => {
  const body = PayloadCodec.json.fromBytes(reply.record.value)
  if (Result.isFailure(body) || typeof body.success !== "object" || body.success === null) return ""
  const message = (body.success as { readonly message?: unknown }).message
  return typeof message === "string" ? message : ""
}

/** `remainingMillis` is what this side believes is left of the call. */
export const errorOfRejection = (
  operation: Operation,
  reply: Reply,
  clock: { readonly nowMillis: number; readonly remainingMillis: number }
): RequestError => {
  const { at, retryAfter, status } = reply.envelope
  const known = status ?? "internal"
  // Before our own deadline the responder says that it is over: the two wall clocks disagree. A responder that gives less
  // time than was asked for (its `maxTimeout`) does not say so.
  const deadline = clock.nowMillis + clock.remainingMillis
  if (known === "expired" && at !== undefined && clock.remainingMillis > 0 && at > deadline) {
    const clocks = { requesterMillis: clock.nowMillis, responderMillis: at }
    return requestErrorOf(operation, new ClockSkew({ operation: operation.tag, ...clocks }))
  }
  const said = { operation: operation.tag, status: known, detail: detailOf(reply) }
  if (Status.isExecuted(known)) return requestErrorOf(operation, new Unanswerable(said))
  return requestErrorOf(
    operation,
    new Rejected({
      ...said,
      // A responder of another version may lack the operation during a rolling upgrade: reads may ask elsewhere.
      isTransient: Status.isTransient(known) || (known === "unimplemented" && operation.isSafe),
      ...(retryAfter === undefined ? {} : { retryAfterMillis: retryAfter })
    })
  )
}
