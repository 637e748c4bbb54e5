/**
 * What a record of the request topic is: a request to execute, a cancel, something to answer at once, or nothing of ours.
 * Pure and total: no record, however malformed, gets further than this.
 */
import * as Result from "effect/Result"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { Options } from "../Options.ts"
import { type Answer, rejected } from "./answer.ts"
import type { Procedure } from "./procedure.ts"
import { ownBytes } from "./memory.ts"
import type { Addressee } from "./state.ts"

/** Why a record is not executed; a metric's label. */
export type Kind =
  | "malformed"
  | "unknown-operation"
  | "no-reply-address"
  | "forbidden-reply-topic"
  | "expired"
  | "foreign"
  | "undecodable"

export type Admission =
  | {
      readonly _tag: "Request"
      readonly envelope: RequestEnvelope.RequestEnvelope
      readonly replyTo: ReplyAddress
      readonly procedure: Procedure
    }
  | { readonly _tag: "Cancel"; readonly correlationId: Uint8Array }
  | {
      readonly _tag: "Refuse"
      readonly kind: Kind
      readonly reason: string
      /** Whom to tell what, when there is somebody. */
      readonly reply: { readonly addressee: Addressee; readonly answer: Answer } | undefined
      /** What it calls itself, as far as it could be read. */
      readonly operation: string | undefined
      readonly attempt: number | undefined
    }

export interface Rules {
  readonly options: Options
  readonly clockSkewMillis: number
  readonly procedures: ReadonlyMap<string, Procedure>
}

// How long after the allowance an expired request is still told so, for callers whose clock is wrong.
const lateMillis = 60_000

/** A rule that throws lets nothing through: a record must not stop the loop. */
const isAllowed = (options: Options, topic: string): boolean => {
  try {
    return options.isReplyTopic(topic)
  } catch {
    return false
  }
}

/** `now` is the wall clock, epoch milliseconds. */
export const admissionOf = (record: ConsumedRecord, rules: Rules, now: number): Admission => {
  const { clockSkewMillis, options, procedures } = rules
  const decoded = RequestEnvelope.decode(record.headers)
  if (Result.isFailure(decoded)) {
    const { correlationId, isForeign, reason, replyTo, status } = decoded.failure
    const kind = isForeign ? "foreign" : "malformed"
    if (correlationId === undefined || replyTo === undefined || !isAllowed(options, replyTo.topic)) {
      return { _tag: "Refuse", kind, reason, reply: undefined, operation: undefined, attempt: undefined }
    }
    const addressee = { correlationId: ownBytes(correlationId), replyTo, attempt: undefined, traceparent: undefined }
    const message = `${reason} (this responder speaks version 1 of the protocol)`
    return {
      _tag: "Refuse",
      kind,
      reason,
      reply: { addressee, answer: rejected(status, message) },
      operation: undefined,
      attempt: undefined
    }
  }
  const envelope = decoded.success
  if (envelope.kind === "cancel") return { _tag: "Cancel", correlationId: envelope.correlationId }
  const { attempt, correlationId, deadline, operation, replyTo, traceparent } = envelope
  const silently = (kind: Kind, reason: string): Admission => ({
    _tag: "Refuse",
    kind,
    reason,
    reply: undefined,
    operation,
    attempt
  })
  if (replyTo === undefined) return silently("no-reply-address", "it names no reply topic")
  if (!isAllowed(options, replyTo.topic)) {
    return silently("forbidden-reply-topic", `replies may not be sent to ${replyTo.topic}; see isReplyTopic`)
  }
  const refuse = (kind: Kind, answer: Answer, reason: string): Admission => ({
    _tag: "Refuse",
    kind,
    reason,
    reply: { addressee: { correlationId, replyTo, attempt, traceparent }, answer },
    operation,
    attempt
  })
  const late = now - deadline - clockSkewMillis
  if (late > 0) {
    const reason = `its deadline passed ${Math.round(late + clockSkewMillis)} ms ago`
    // Later than that nobody listens, however wrong the clocks may be: the backlog of an outage is passed over.
    if (late > lateMillis) return silently("expired", reason)
    return refuse("expired", rejected("expired", reason), reason)
  }
  if (envelope.contentType !== undefined && envelope.contentType !== PayloadCodec.json.contentType) {
    const reason = `content type ${envelope.contentType}`
    return refuse("malformed", rejected("unsupported", reason), reason)
  }
  const bytes = record.value?.byteLength ?? 0
  if (bytes > options.maxRequestBytes) {
    const reason = `its payload of ${bytes} bytes exceeds the responder's maxRequestBytes (${options.maxRequestBytes})`
    return refuse("malformed", rejected("invalid", reason), reason)
  }
  const procedure = procedures.get(operation)
  if (procedure === undefined) {
    const reason = `there is no operation ${operation}`
    return refuse("unknown-operation", rejected("unimplemented", reason), reason)
  }
  return { _tag: "Request", envelope, replyTo, procedure }
}
