/**
 * What is said of a call that ends without an answer. Pure.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import type { Options } from "../Options.ts"
import { Closed, NotSent, Overloaded, ReplyAddressLost, type RequestError, Timeout } from "../RequestError.ts"
import type { Call } from "./call.ts"
import type { RequestTemplate } from "./prepare.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

/** What an engine must have room for before it takes one more call. */
export interface Load {
  readonly isClosing: boolean
  /** Why replies cannot come now; undefined when they can. */
  readonly lostBecause: TransportError | undefined
  /** Why replies cannot be heard for the moment; calls that wait for Kafka wait for this as well. */
  readonly deafBecause: TransportError | undefined
  readonly calls: number
  readonly bytes: number
}

/** Why a call is not even begun; undefined when it is. */
export const refusalOf = (
  { deadline, operation, startedAt, value, waitsForReady }: RequestTemplate,
  load: Load,
  { maxInFlight, maxInFlightBytes }: Options,
  now: number
): RequestError | undefined => {
  const { tag } = operation
  if (load.isClosing) return requestErrorOf(operation, new Closed({ operation: tag, delivery: "not-sent" }))
  if (load.lostBecause !== undefined) {
    const lost = { delivery: "not-sent", cause: load.lostBecause } as const
    return requestErrorOf(operation, new ReplyAddressLost({ operation: tag, ...lost }))
  }
  if (load.deafBecause !== undefined && !waitsForReady) {
    return requestErrorOf(operation, new NotSent({ operation: tag, cause: load.deafBecause }))
  }
  if (load.calls >= maxInFlight) {
    return requestErrorOf(operation, new Overloaded({ operation: tag, limit: "maxInFlight", value: maxInFlight }))
  }
  if (load.bytes + value.byteLength > maxInFlightBytes) {
    const limit = { limit: "maxInFlightBytes", value: maxInFlightBytes } as const
    return requestErrorOf(operation, new Overloaded({ operation: tag, ...limit }))
  }
  if (deadline <= now) {
    const timeoutMillis = Math.round(deadline - startedAt)
    const nothing = { delivery: "not-sent", attempts: 0, correlationId: "" } as const
    return requestErrorOf(operation, new Timeout({ operation: tag, timeoutMillis, ...nothing }))
  }
  return undefined
}

/** The deadline has passed. A rejection says nothing of an attempt made after it. */
export const timeoutOf = (call: Call): RequestError => {
  if (call.rejection !== undefined && !call.hasOpenAttempt) return call.rejection
  const { sendError, template } = call
  return requestErrorOf(
    template.operation,
    new Timeout({
      operation: call.tag,
      timeoutMillis: Math.round(call.deadline - template.startedAt),
      delivery: call.furthest,
      attempts: call.made,
      correlationId: CorrelationId.toHex(call.correlationId),
      ...(sendError === undefined ? {} : { cause: sendError })
    })
  )
}

/** The publisher has given up the newest attempt for good; undefined when an answer may come all the same. */
export const refusedForGood = (call: Call, error: TransportError): RequestError | undefined => {
  if (error.reason._tag === "TransportClosed") return closedOf(call)
  if (call.furthest === "not-sent") {
    return requestErrorOf(call.template.operation, new NotSent({ operation: call.tag, cause: error }))
  }
  // When every attempt before was rejected, no answer can come any more.
  return call.hasOpenAttempt ? undefined : call.rejection
}

export const closedOf = (call: Call): RequestError =>
  requestErrorOf(call.template.operation, new Closed({ operation: call.tag, delivery: call.furthest }))

export const lostOf = (call: Call, cause: TransportError): RequestError =>
  requestErrorOf(call.template.operation, new ReplyAddressLost({ operation: call.tag, delivery: call.furthest, cause }))
