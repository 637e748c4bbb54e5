/**
 * The request template of a call: everything its attempts have in common, as plain data. Pure and total; what only an
 * attempt knows (its number, partition and reply address) is added when it is sent.
 */
import * as Result from "effect/Result"
import { type Operation, primaryKeyOf } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { Hedging } from "./hedging.ts"
import { InvalidPayload, type Reason, RequestTooLarge } from "../RequestError.ts"
import type { RetryTimes } from "./retry.ts"

export interface RequestTemplate {
  readonly operation: Operation
  /** How it is retried; undefined when it is not. */
  readonly policy: RetryTimes | undefined
  /** How it is hedged, with what is known of other calls of the operation; undefined when it is not. */
  readonly hedging: Hedging | undefined
  readonly startedAt: number
  /** Monotonic milliseconds, as `startedAt`. */
  readonly deadline: number
  /** False: fail at once when Kafka is known to be unreachable, instead of waiting inside the deadline. */
  readonly waitsForReady: boolean
  readonly key: Uint8Array | null
  readonly value: Uint8Array
  /** What the headers of all attempts say. */
  readonly fields: RequestEnvelope.Fields
}

/** What a template is made of. */
export interface Ingredients {
  readonly operation: Operation
  readonly policy: RetryTimes | undefined
  readonly hedging: Hedging | undefined
  /** The payload as its schema made it: its primary key is read from it. */
  readonly payload: unknown
  /** The payload as its schema encoded it. */
  readonly json: unknown
  readonly headers: RecordHeaders
  readonly routingKey: string | undefined
  readonly waitsForReady: boolean
  readonly isDiscard: boolean
  readonly traceparent: string | undefined
  /** The calls whose handlers wait for this one. */
  readonly via?: ReadonlyArray<string>
  readonly maxRequestBytes: number
  readonly startedAt: number
  readonly deadline: number
  /** What is left of the call now, whole milliseconds. */
  readonly timeout: number
  /** The wall clock's epoch milliseconds now: deadlines travel by it. */
  readonly wallMillis: number
}

/** The idempotency key of a payload, or what is wrong with it. */
const keyOf = (payload: unknown): Result.Result<string | undefined, string> => {
  try {
    const key = primaryKeyOf(payload)
    // Lone surrogates all encode to U+FFFD, so different keys would collide at the responder.
    return key === undefined || key.isWellFormed()
      ? Result.succeed(key)
      : Result.fail("its primary key is no valid text")
  } catch (error) {
    return Result.fail(`its primary key cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const prepare = (given: Ingredients): Result.Result<RequestTemplate, Reason> => {
  const { operation, routingKey } = given
  const { tag } = operation
  const body = PayloadCodec.json.toBytes(given.json)
  if (Result.isFailure(body)) return Result.fail(new InvalidPayload({ operation: tag, detail: body.failure }))
  const value = body.success
  if (value.byteLength > given.maxRequestBytes) {
    const sizes = { bytes: value.byteLength, limit: given.maxRequestBytes }
    return Result.fail(new RequestTooLarge({ operation: tag, ...sizes }))
  }
  const primaryKey = keyOf(given.payload)
  if (Result.isFailure(primaryKey)) {
    return Result.fail(new InvalidPayload({ operation: tag, detail: primaryKey.failure }))
  }
  const key = primaryKey.success
  const recordKey = routingKey ?? key
  return Result.succeed({
    operation,
    policy: given.policy,
    hedging: given.hedging,
    startedAt: given.startedAt,
    deadline: given.deadline,
    waitsForReady: given.waitsForReady,
    key: recordKey === undefined ? null : Buffer.from(recordKey, "utf8"),
    value,
    fields: {
      kind: "request",
      operation: tag,
      deadline: Math.round(given.wallMillis + given.timeout),
      timeout: given.timeout,
      key,
      isDiscard: given.isDiscard,
      traceparent: given.traceparent,
      ...(given.via === undefined || given.via.length === 0 ? {} : { via: given.via }),
      callHeaders: given.headers
    }
  })
}
