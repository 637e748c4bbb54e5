/**
 * What the headers of a reply say: which call it answers, and how that call ended.
 *
 * The body stays in the record's value. A reply never carries reply-address headers: SmallRye takes a record that does
 * for a request, and it carries exactly one correlation id, because NestJS cannot match a reply with two.
 */
import * as Result from "effect/Result"
import * as Bounds from "./Bounds.ts"
import * as Dictionary from "./Dictionary.ts"
import type { Dictionary as Members } from "./DictionaryValue.ts"
import * as HeaderNames from "./HeaderNames.ts"
import * as headerScan from "./internal/headerScan.ts"
import type { RecordHeader, RecordHeaders } from "./RecordHeaders.ts"
import type { Status } from "./Status.ts"

/** All outcomes of version 1. */
export const outcomes = [
  "success",
  "failure",
  "rejected",
  "defect",
  "interrupted",
  "cause",
  "accepted",
  "item",
  "end"
] as const

/**
 * How a call ended, or how far it is, and with it what the body is.
 *
 * - `success`: the encoded success value.
 * - `failure`: the encoded declared error.
 * - `rejected`: no handler's outcome, `status` says why; `{"message": string}`.
 * - `defect`: the handler died; the defect encoded by the operation's defect schema.
 * - `interrupted`: the handler was interrupted; null.
 * - `cause`: several reasons at once; the exit encoded by `Rpc.exitSchema`.
 * - `accepted`: a call that wants no outcome has started; null.
 * - `item`, `end`: an element and the end of a stream, reserved.
 */
export type Outcome = (typeof outcomes)[number]

export interface ReplyEnvelope {
  readonly outcome: Outcome
  /** With `rejected` only, and always then. */
  readonly status: Status | undefined
  /** The attempt of the request that is answered. */
  readonly attempt: number | undefined
  /** When the reply was made, epoch milliseconds by the responder's clock. */
  readonly at: number | undefined
  /** How long to wait before another attempt, milliseconds. */
  readonly retryAfter: number | undefined
  /** The number of a stream's element. */
  readonly seq: number | undefined
  /** The name of the responder instance, and the partition of `<name>.control` that it reads. */
  readonly from: string | undefined
  readonly ctl: number | undefined
  /** The content type of the body; undefined means `application/json`. */
  readonly contentType: string | undefined
  /** No `rr` header: the reply of a stock Spring responder, whose every reply is a success. */
  readonly isForeign: boolean
  readonly correlationId: Uint8Array
  readonly traceparent: string | undefined
  /** The headers that are not the protocol's, in their order. */
  readonly replyHeaders: RecordHeaders
}

/** A record with a correlation id that is no reply this version can use. */
export interface MalformedReply {
  readonly reason: string
  /**
   * It says that the call has ended, or that it is a reply to a kind of call that this version does not make: no other
   * reply is to be waited for. False for what may not be a reply at all.
   */
  readonly isReply: boolean
}

/** What a responder says. */
export interface ReplyFields {
  readonly outcome: Outcome
  readonly correlationId: Uint8Array
  readonly status?: Status | undefined
  readonly attempt?: number | undefined
  readonly at?: number | undefined
  readonly retryAfter?: number | undefined
  readonly seq?: number | undefined
  readonly from?: string | undefined
  readonly ctl?: number | undefined
  readonly contentType?: string | undefined
  readonly traceparent?: string | undefined
  readonly replyHeaders?: RecordHeaders
}

interface Remembered {
  at: number | undefined
  attempt: number | undefined
  from: string | undefined
  ctl: number | undefined
  bytes: Uint8Array
}

// The replies of one moment say the same, but for their outcome.
const last = new Map<Outcome, Remembered>()

const isPlain = ({ contentType, retryAfter, seq, status }: ReplyFields): boolean =>
  status === undefined && retryAfter === undefined && seq === undefined && contentType === undefined

const dictionaryOf = (fields: ReplyFields): Uint8Array => {
  if (!isPlain(fields)) return Dictionary.toBytes(textOf(fields))
  const { at, attempt, ctl, from, outcome } = fields
  const known = last.get(outcome)
  if (known !== undefined && known.at === at && known.attempt === attempt && known.from === from && known.ctl === ctl) {
    return known.bytes
  }
  const bytes = Dictionary.toBytes(textOf(fields))
  last.set(outcome, { at, attempt, from, ctl, bytes })
  return bytes
}

const textOf = (fields: ReplyFields): string => {
  let text = `v=${Bounds.protocolVersion}, outcome=${fields.outcome}`
  if (fields.status !== undefined) text += `, status=${Dictionary.textValue(fields.status)}`
  if (fields.attempt !== undefined) text += `, attempt=${fields.attempt}`
  if (fields.at !== undefined) text += `, at=${fields.at}`
  if (fields.retryAfter !== undefined) text += `, retry-after=${fields.retryAfter}`
  if (fields.seq !== undefined) text += `, seq=${fields.seq}`
  if (fields.from !== undefined) text += `, from=${Dictionary.textValue(fields.from)}`
  if (fields.ctl !== undefined) text += `, ctl=${fields.ctl}`
  if (fields.contentType !== undefined) text += `, content-type=${Dictionary.textValue(fields.contentType)}`
  return text
}

/** The headers of a reply. Protocol headers among `replyHeaders` are left out. */
export const encode = (fields: ReplyFields): RecordHeaders => {
  const { replyHeaders, traceparent } = fields
  const headers: Array<RecordHeader> = []
  if (replyHeaders !== undefined) {
    for (const header of replyHeaders) if (!HeaderNames.isProtocol(header[0])) headers.push(header)
  }
  headers.push([HeaderNames.correlationId, fields.correlationId], [HeaderNames.rr, dictionaryOf(fields)])
  if (traceparent !== undefined) headers.push([HeaderNames.traceparent, Dictionary.toBytes(traceparent)])
  return headers
}

const outcomeSet: ReadonlySet<string> = new Set(outcomes)
const isOutcome = (word: string): word is Outcome => outcomeSet.has(word)

// Optional members that cannot be read are dropped, so that the outcome still reaches the caller.
const numberOf = (members: Members, key: string, min: number, max: number): number | undefined =>
  Dictionary.integerOf(members.get(key), min, max)

const malformed = (reason: string, isReply = false) => Result.fail<MalformedReply>({ reason, isReply })

const foreign = (scan: headerScan.Scan, correlationId: Uint8Array): Result.Result<ReplyEnvelope, MalformedReply> => {
  if (scan.replyTopic !== undefined) return malformed("a request, not a reply")
  for (const [name] of scan.others) {
    if (name === HeaderNames.nestError || name === HeaderNames.smallRyeError) {
      return malformed(`an error in another system's convention, ${name}`, true)
    }
  }
  return Result.succeed({
    outcome: "success",
    status: undefined,
    attempt: undefined,
    at: undefined,
    retryAfter: undefined,
    seq: undefined,
    from: undefined,
    ctl: undefined,
    contentType: undefined,
    isForeign: true,
    correlationId,
    traceparent: scan.traceparent,
    replyHeaders: scan.others
  })
}

/** What the headers of a record say as a reply, or what is wrong with them. Total. */
export const decode = (headers: RecordHeaders): Result.Result<ReplyEnvelope, MalformedReply> => {
  const scan = headerScan.scan(headers)
  if (scan.refusal !== undefined) return malformed(scan.refusal)
  const correlationId = headerScan.correlationIdOf(scan)
  if (correlationId === undefined) {
    return malformed(`${HeaderNames.correlationId} is missing or not of 1 to ${Bounds.maxCorrelationIdBytes} bytes`)
  }
  if (scan.rr === undefined) return foreign(scan, correlationId)
  const decoded = Dictionary.decode(scan.rr)
  if (decoded._tag === "Failure") return malformed(`${HeaderNames.rr}: ${decoded.failure}`)
  const members = decoded.success
  if (members.get("v") !== Bounds.protocolVersion) return malformed("another protocol version, or none")
  const outcome = Dictionary.textOf(members.get("outcome"))
  if (outcome === undefined) return malformed("outcome is missing or no text")
  if (!isOutcome(outcome)) return malformed(`outcome is unknown: ${outcome.slice(0, Bounds.maxLabelLength)}`, true)
  const status = Dictionary.labelOf(members.get("status"))
  if (outcome === "rejected" && status === undefined) return malformed("rejected without a status", true)
  const contentType = Dictionary.labelOf(members.get("content-type"))
  if (contentType === undefined && members.has("content-type")) return malformed("content-type is no short text", true)
  return Result.succeed({
    outcome,
    status: outcome === "rejected" ? status : undefined,
    attempt: numberOf(members, "attempt", 1, Bounds.maxInt32),
    at: numberOf(members, "at", 0, Bounds.maxInteger),
    retryAfter: numberOf(members, "retry-after", 0, Bounds.maxInt32),
    seq: numberOf(members, "seq", 0, Bounds.maxInteger),
    from: Dictionary.labelOf(members.get("from")),
    ctl: numberOf(members, "ctl", 0, Bounds.maxInt32),
    contentType,
    isForeign: false,
    correlationId,
    traceparent: scan.traceparent,
    replyHeaders: scan.others
  })
}
