/**
 * What the headers of a request say: which call, which operation, until when, and where the reply goes.
 *
 * The payload stays in the record's value, unopened. Encoding trusts its caller (the requester checks headers and
 * names); decoding trusts nobody and is total.
 */
import * as Result from "effect/Result"
import * as Bounds from "./Bounds.ts"
import * as Dictionary from "./Dictionary.ts"
import type { Dictionary as Members } from "./DictionaryValue.ts"
import * as HeaderNames from "./HeaderNames.ts"
import * as IdempotencyKey from "./IdempotencyKey.ts"
import * as headerScan from "./internal/headerScan.ts"
import type { MalformedRequest } from "./MalformedRequest.ts"
import type { RecordHeader, RecordHeaders } from "./RecordHeaders.ts"
import * as ReplyAddress from "./ReplyAddress.ts"
import type { Status } from "./Status.ts"

export interface RequestEnvelope {
  readonly kind: "request"
  /** The tag of the operation. */
  readonly operation: string
  /** When the caller stops waiting, epoch milliseconds by the requester's clock. */
  readonly deadline: number
  /** How long the caller was willing to wait when this attempt was made, milliseconds. */
  readonly timeout: number
  /** From 1. Attempts of one call share the correlation id. */
  readonly attempt: number
  /** The idempotency key as it travels (see `IdempotencyKey.onWire`). */
  readonly key: string | undefined
  /** The caller does not want the outcome: the answer is `accepted` when the handler starts. */
  readonly isDiscard: boolean
  /** The content type of the payload and of the reply; undefined means `application/json`. */
  readonly contentType: string | undefined
  readonly correlationId: Uint8Array
  /** Undefined when the record names none: such a request cannot be answered, so it is not executed. */
  readonly replyTo: ReplyAddress.ReplyAddress | undefined
  readonly traceparent: string | undefined
  /** The calls whose handlers wait for this one, the innermost first, each by 12 characters of a digest of its id. */
  readonly via: ReadonlyArray<string>
  /** The headers that are not the protocol's, in their order. */
  readonly callHeaders: RecordHeaders
}

/** Cancels the call with this correlation id. Sent to `<name>.control`, never answered. */
export interface CancelEnvelope {
  readonly kind: "cancel"
  readonly operation: string
  readonly correlationId: Uint8Array
}

/** What all attempts of a call have in common, but for `timeout`: it is what is left when the attempt is made. */
export interface Fields {
  readonly kind?: "request"
  readonly operation: string
  readonly deadline: number
  readonly timeout: number
  readonly key?: string | undefined
  readonly isDiscard?: boolean
  readonly contentType?: string | undefined
  readonly traceparent?: string | undefined
  readonly via?: ReadonlyArray<string>
  readonly callHeaders?: RecordHeaders
}

/** What one attempt adds. */
export interface AttemptFields {
  readonly correlationId: Uint8Array
  readonly replyTo?: ReplyAddress.ReplyAddress | undefined
  readonly attempt: number
}

// A requester has one address for as long as its reply topic lives, and encodes it with every call.
const addresses = new WeakMap<ReplyAddress.ReplyAddress, ReadonlyArray<RecordHeader>>()

const addressHeaders = (address: ReplyAddress.ReplyAddress): ReadonlyArray<RecordHeader> => {
  let headers = addresses.get(address)
  if (headers === undefined) addresses.set(address, (headers = ReplyAddress.encode(address)))
  return headers
}

/**
 * The headers of one attempt of a call. Call headers come first: of a name that repeats the last counts, so nothing a
 * caller adds can replace what the protocol says.
 */
export const encode = (request: Fields & AttemptFields): RecordHeaders =>
  encodeAttempt(request, request.timeout, request.correlationId, request.replyTo, request.attempt)

// Calls of one moment say the same: without a key, the deadline's millisecond is all that tells most of them apart.
const last = { operation: "", deadline: -1, timeout: -1, attempt: -1, isDiscard: false, bytes: new Uint8Array(0) }

const isLast = (fields: Fields, timeout: number, attempt: number, isDiscard: boolean): boolean =>
  fields.deadline === last.deadline &&
  timeout === last.timeout &&
  attempt === last.attempt &&
  isDiscard === last.isDiscard &&
  fields.operation === last.operation

const dictionaryOf = (fields: Fields, timeout: number, attempt: number): Uint8Array => {
  const { contentType, deadline, isDiscard = false, key, operation, via } = fields
  const isNested = via !== undefined && via.length > 0
  const isShared = key === undefined && contentType === undefined && !isNested
  if (isShared && isLast(fields, timeout, attempt, isDiscard)) return last.bytes
  let text = `v=${Bounds.protocolVersion}, op=${Dictionary.textValue(operation)}, deadline=${deadline}`
  text += `, timeout=${timeout}, attempt=${attempt}`
  if (key !== undefined) text += `, key=${Dictionary.textValue(IdempotencyKey.onWire(key))}`
  if (isDiscard) text += ", discard"
  if (isNested) text += `, via="${via.join(" ")}"`
  if (contentType !== undefined) text += `, content-type=${Dictionary.textValue(contentType)}`
  const bytes = Dictionary.toBytes(text)
  if (isShared) Object.assign(last, { operation, deadline, timeout, attempt, isDiscard, bytes })
  return bytes
}

/** The same, without an object that holds it all: `timeout` and `attempt` are of this attempt. */
export const encodeAttempt = (
  fields: Fields,
  timeout: number,
  correlationId: Uint8Array,
  replyTo: ReplyAddress.ReplyAddress | undefined,
  attempt: number
): RecordHeaders => {
  const { callHeaders, traceparent } = fields
  const headers: Array<RecordHeader> = callHeaders === undefined || callHeaders.length === 0 ? [] : callHeaders.slice()
  headers.push([HeaderNames.correlationId, correlationId])
  if (replyTo !== undefined) for (const header of addressHeaders(replyTo)) headers.push(header)
  headers.push([HeaderNames.rr, dictionaryOf(fields, timeout, attempt)])
  if (traceparent !== undefined) headers.push([HeaderNames.traceparent, Dictionary.toBytes(traceparent)])
  return headers
}

/** The headers of a record for `<name>.control` that cancels a call. */
export const encodeCancel = (correlationId: Uint8Array, operation: string): RecordHeaders => [
  [HeaderNames.correlationId, correlationId],
  [
    HeaderNames.rr,
    Dictionary.toBytes(`v=${Bounds.protocolVersion}, kind=cancel, op=${Dictionary.textValue(operation)}`)
  ]
]

const noVia: ReadonlyArray<string> = []
const viaPattern = /^[\w-]{1,12}( [\w-]{1,12}){0,7}$/

/** What cannot be read there is left out: it only helps to refuse early what could never end. */
const viaOf = (members: Members): ReadonlyArray<string> => {
  if (!members.has("via")) return noVia
  const text = Dictionary.textOf(members.get("via"))
  return text !== undefined && viaPattern.test(text) ? text.split(" ") : noVia
}

/** Reads the headers of a record as a request; a `MalformedRequest` says why they are not one. Never throws. */
export const decode = (headers: RecordHeaders): Result.Result<RequestEnvelope | CancelEnvelope, MalformedRequest> => {
  const scan = headerScan.scan(headers)
  const correlationId = headerScan.correlationIdOf(scan)
  const address = scan.replyTopic === undefined ? undefined : ReplyAddress.decode(scan.replyTopic, scan.replyPartition)
  const replyTo = address?._tag === "Success" ? address.success : undefined

  const malformed = (reason: string, status: Status = "invalid", isForeign = false) =>
    Result.fail<MalformedRequest>({ _tag: "MalformedRequest", reason, status, correlationId, replyTo, isForeign })

  if (scan.refusal !== undefined) return malformed(scan.refusal)
  if (scan.rr === undefined) {
    return malformed(
      `no ${HeaderNames.rr} header`,
      "unsupported",
      correlationId !== undefined && scan.replyTopic !== undefined
    )
  }
  const decoded = Dictionary.decode(scan.rr)
  if (decoded._tag === "Failure") return malformed(`${HeaderNames.rr}: ${decoded.failure}`)
  const members = decoded.success

  const version = members.get("v")
  if (typeof version !== "number") return malformed(`${HeaderNames.rr} has no version`)
  // Another major version may give any other key another meaning, so none of them is looked at.
  if (version !== Bounds.protocolVersion) return malformed("protocol version", "unsupported")
  const kind = members.has("kind") ? Dictionary.textOf(members.get("kind")) : "request"
  if (kind === undefined) return malformed("kind is no word")
  if (kind !== "request" && kind !== "cancel") return malformed("kind of record", "unsupported")

  if (correlationId === undefined) {
    return malformed(`${HeaderNames.correlationId} is missing or not of 1 to ${Bounds.maxCorrelationIdBytes} bytes`)
  }
  const operation = Dictionary.textOf(members.get("op"))
  if (operation === undefined || operation === "" || Buffer.byteLength(operation) > Bounds.maxOperationBytes) {
    return malformed(`op is missing or not of 1 to ${Bounds.maxOperationBytes} bytes`)
  }
  if (kind === "cancel") return Result.succeed({ kind, operation, correlationId })
  if (address?._tag === "Failure") return malformed(address.failure)
  const deadline = Dictionary.integerOf(members.get("deadline"), 0, Bounds.maxInteger)
  if (deadline === undefined) return malformed("deadline is missing or not in epoch milliseconds")
  const timeout = Dictionary.integerOf(members.get("timeout"), 0, Bounds.maxInt32)
  if (timeout === undefined) return malformed("timeout is missing or not in milliseconds up to an int32")
  const attempt = members.has("attempt") ? Dictionary.integerOf(members.get("attempt"), 1, Bounds.maxInt32) : 1
  if (attempt === undefined) return malformed("attempt is not an int32 from 1")
  const key = Dictionary.textOf(members.get("key"))
  if (members.has("key") && (key === undefined || Buffer.byteLength(key) > Bounds.maxKeyBytes)) {
    return malformed(`key is not text of at most ${Bounds.maxKeyBytes} bytes`)
  }
  const discard = members.has("discard") ? members.get("discard") : false
  if (typeof discard !== "boolean") return malformed("discard is not a boolean")
  const contentType = Dictionary.labelOf(members.get("content-type"))
  if (contentType === undefined && members.has("content-type")) return malformed("content-type is no short text")

  return Result.succeed({
    kind,
    operation,
    deadline,
    timeout,
    attempt,
    key,
    isDiscard: discard,
    contentType,
    // A copy: it outlives the record, whose bytes are views of a whole fetch.
    correlationId: new Uint8Array(correlationId),
    replyTo,
    traceparent: scan.traceparent,
    via: viaOf(members),
    callHeaders: scan.others
  })
}
