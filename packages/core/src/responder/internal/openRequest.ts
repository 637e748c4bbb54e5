/**
 * A request on its way to an outcome: its operation, its time limits and how far it is. Data; what happens to it is
 * decided by the serving loop.
 */
import type * as Fiber from "effect/Fiber"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import type { RequestEnvelope } from "../../wire/RequestEnvelope.ts"
import { checkOf, type Ended } from "./attemptTable.ts"
import type { Entry } from "./dedupeTable.ts"
import type { OffsetLedger } from "./offsetLedger.ts"
import type { Procedure } from "./procedure.ts"
import { type Addressee, TakenRecord, textKey } from "./takenRecord.ts"

/** Why a handler is being interrupted. */
export type Stop = "cancelled" | "expired" | "draining"

export class OpenRequest extends TakenRecord implements Addressee, Ended {
  readonly envelope: RequestEnvelope
  readonly replyTo: ReplyAddress
  readonly procedure: Procedure
  /** The correlation id as a map key. */
  readonly id: string
  /** Requests with the same one run in order: the record key. */
  readonly laneKey: string | undefined
  /** Monotonic milliseconds, as all times here. */
  readonly takenAt: number
  /** When its own time is up. */
  readonly runBy: number
  /** When its handler is interrupted: later than its own time when a later request joined the run. */
  runUntil: number
  /** What it is deduplicated by, once claimed; pins the entry until the offset is done. */
  entry: Entry<OpenRequest> | undefined
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  stop: Stop | undefined
  /** Holds one of the lanes' places. */
  isInLane = false
  /** Was started to join a run, and there is none: it must run itself, when its turn comes. */
  needsTurn = false
  /** A call that wants no outcome was told that it has started. */
  isAccepted = false
  /** Has its final answer, or needs none. */
  isSettled = false
  /** Its outcome is worth keeping: see `AttemptTable`. */
  isFinal = false
  #check: number | undefined

  constructor(fields: {
    readonly record: ConsumedRecord
    readonly ledger: OffsetLedger
    readonly envelope: RequestEnvelope
    readonly replyTo: ReplyAddress
    readonly procedure: Procedure
    readonly takenAt: number
    readonly runBy: number
    readonly replyBy: number
  }) {
    super(fields.record, fields.ledger, fields.replyBy)
    this.envelope = fields.envelope
    this.replyTo = fields.replyTo
    this.procedure = fields.procedure
    this.takenAt = fields.takenAt
    this.runBy = fields.runBy
    this.runUntil = fields.runBy
    this.id = textKey(fields.envelope.correlationId)
    this.laneKey = fields.record.key === null ? undefined : textKey(fields.record.key)
  }

  get correlationId(): Uint8Array {
    return this.envelope.correlationId
  }

  get attempt(): number {
    return this.envelope.attempt
  }

  get check(): number {
    return (this.#check ??= checkOf(this.envelope.operation, this.record.value))
  }

  get traceparent(): string | undefined {
    return this.envelope.traceparent
  }
}
