/**
 * What is said of a call that ends without an answer. Pure.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { Options } from "../Options.ts"
import { because, Closed, NotSent, Overloaded, ReplyAddressLost, type RequestError, Timeout } from "../RequestError.ts"
import type { Call } from "./call.ts"
import type { RequestTemplate } from "./prepare.ts"

/** What an engine must have room for before it takes one more call. */
export interface Load {
  readonly isClosing: boolean
  readonly isDeaf: boolean
  readonly calls: number
  readonly bytes: number
}

/** Why a call is not even begun; undefined when it is. */
export const refusalOf = (
  { deadline, operation, startedAt, value }: RequestTemplate,
  load: Load,
  { maxInFlight, maxInFlightBytes }: Options,
  now: number
): RequestError | undefined => {
  const { tag } = operation
  if (load.isClosing) return because(new Closed({ operation: tag, delivery: "not-sent" }))
  if (load.isDeaf) {
    const detail = "the reply topic is lost; calls work again once it is back"
    return because(new ReplyAddressLost({ operation: tag, delivery: "not-sent", detail }))
  }
  if (load.calls >= maxInFlight) {
    return because(new Overloaded({ operation: tag, limit: "maxInFlight", value: maxInFlight }))
  }
  if (load.bytes + value.byteLength > maxInFlightBytes) {
    return because(new Overloaded({ operation: tag, limit: "maxInFlightBytes", value: maxInFlightBytes }))
  }
  if (deadline <= now) {
    const timeoutMillis = Math.round(deadline - startedAt)
    const nothing = { delivery: "not-sent", attempts: 0, correlationId: "" } as const
    return because(new Timeout({ operation: tag, timeoutMillis, ...nothing }))
  }
  return undefined
}

/** The deadline has passed. A rejection says nothing of an attempt made after it. */
export const timeoutOf = (call: Call): RequestError => {
  if (call.rejection !== undefined && !call.hasOpenAttempt) return call.rejection
  const { sendError } = call
  return because(
    new Timeout({
      operation: call.tag,
      timeoutMillis: Math.round(call.deadline - call.template.startedAt),
      delivery: call.furthest,
      attempts: call.made,
      correlationId: CorrelationId.toHex(call.correlationId),
      ...(sendError === undefined ? {} : { obstacle: sendError.message })
    })
  )
}

/** The publisher has given up the newest attempt for good; undefined when an answer may come all the same. */
export const refusedForGood = (call: Call, error: TransportError): RequestError | undefined => {
  if (error.reason._tag === "TransportClosed") return closedOf(call)
  if (call.furthest === "not-sent") {
    return because(new NotSent({ operation: call.tag, detail: error.message, isTransient: error.isRetryable }))
  }
  // When every attempt before was rejected, no answer can come any more.
  return call.hasOpenAttempt ? undefined : call.rejection
}

export const closedOf = (call: Call): RequestError =>
  because(new Closed({ operation: call.tag, delivery: call.furthest }))

export const lostOf = (call: Call, error: TransportError): RequestError =>
  because(new ReplyAddressLost({ operation: call.tag, delivery: call.furthest, detail: error.message }))
