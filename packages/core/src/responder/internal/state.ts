/**
 * What the responder's machine keeps of records, requests and runs. Data only: every field is changed by the steps
 * (`step.ts` and the files it is made of), and read by what carries their commands out.
 */
import { toLatin1 } from "../../wire/Bytes.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Publication } from "../../publisher/Publication.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import type { RequestEnvelope } from "../../wire/RequestEnvelope.ts"
import type { AgeOrder } from "./ageOrder.ts"
import type { Answer } from "./answer.ts"
import type { CallEntry } from "./calls.ts"
import type { Kept } from "./keptAnswers.ts"
import { type StoredAnswer, stored } from "./storedAnswer.ts"
import type { Gate, OperationLoad } from "./operationLoad.ts"
import type { Ancestry } from "../../contract/CallAncestry.ts"
import type { RequestInfo } from "../RequestInfo.ts"
import type { Procedure } from "./procedure.ts"
import type { Scheduled } from "./schedule.ts"
import type { TurnQueue } from "./turnQueue.ts"
import { sizeOfRecord } from "./memory.ts"

/** Who is to be answered. */
export interface Addressee {
  readonly correlationId: Uint8Array
  readonly replyTo: ReplyAddress
  readonly attempt: number | undefined
  readonly traceparent: string | undefined
}

/** A record that was taken from Kafka and whose offset is not done. */
export class TakenRecord {
  record: ConsumedRecord
  /** When nobody can be waiting for its reply any more, monotonic milliseconds as all times here. */
  readonly replyBy: number
  /** The epoch of its partition's ledger when it was taken. */
  readonly epoch: number
  /** The offset after it; further away when it stands for a batch that cannot be read. */
  readonly end: number
  /** What must still happen before its offset is done: its outcome, each reply on its way, its dead letter. */
  owed = 1
  isClosed = false
  /** What it holds, its answers on the way included. */
  bytes: number
  /** Its answer on the way, and since when. */
  reply: Publication | undefined
  /** What of its bytes its answers have. */
  replyBytes = 0
  repliedAt = Number.POSITIVE_INFINITY

  constructor(record: ConsumedRecord, epoch: number, replyBy: number, end: number = record.offset + 1) {
    this.record = record
    this.bytes = sizeOfRecord(record)
    this.epoch = epoch
    this.end = end
    this.replyBy = replyBy
  }
}

/**
 * Where a request is. `waiting`: for its turn · `executing`: a fiber works on it · `joined`: it gets the answer of another
 * request's run · `following`: another record of the same attempt is being worked on · `settled`: it has its outcome, whose
 * reply may be on its way.
 */
export type RequestState = "waiting" | "executing" | "joined" | "following" | "settled"

export class Request extends TakenRecord implements Addressee, Ancestry, Scheduled<Request> {
  envelope: RequestEnvelope
  readonly replyTo: ReplyAddress
  readonly procedure: Procedure
  readonly load: OperationLoad<Request>
  /** The correlation id as a map key. */
  readonly id: string
  /** Requests with the same one run in order: the record key. */
  readonly laneKey: string | undefined
  /** Who it shares its part of the places with. */
  share: string | undefined
  readonly takenAt: number
  /** When it was appended, as far as that is known: its time began not later. */
  readonly appendedAt: number
  /** When no other record of its attempt can come any more: its deadline and the allowance for clocks. */
  readonly knownUntil: number
  /** When its own time is up. */
  readonly runBy: number
  state: RequestState = "waiting"
  /** The run that works on it or that it joined; undefined in the other states. */
  run: Run | undefined
  /** What is known of its attempt, from here until nobody can send it again. */
  call: CallEntry | undefined
  /** The attempt that it has decided about, until it is closed. */
  decided: CallEntry | undefined
  /** The kept answer it was given or made: not forgotten before its offset is done. */
  kept: KeptAnswer | undefined
  /** What its handler was told of it. */
  info: RequestInfo | undefined
  /** A call that wants no outcome was told that it has started. */
  isAccepted = false
  readyAt = 0
  queue: TurnQueue<Request> | undefined
  /** Its neighbours in the one list it stands in: a lane, a queue, or those who joined a run. */
  older: Request | undefined
  newer: Request | undefined

  constructor(
    record: ConsumedRecord,
    epoch: number,
    envelope: RequestEnvelope,
    replyTo: ReplyAddress,
    procedure: Procedure,
    load: OperationLoad<Request>,
    takenAt: number,
    appendedAt: number,
    runBy: number,
    replyBy: number,
    knownUntil: number
  ) {
    super(record, epoch, replyBy)
    this.envelope = envelope
    this.replyTo = replyTo
    this.procedure = procedure
    this.load = load
    this.takenAt = takenAt
    this.appendedAt = appendedAt
    this.knownUntil = knownUntil
    this.runBy = runBy
    this.id = toLatin1(envelope.correlationId)
    this.laneKey = record.key === null ? undefined : toLatin1(record.key)
    this.bytes += this.laneKey?.length ?? 0
  }

  get gate(): Gate<Request> | undefined {
    return this.load.gate
  }

  get level(): number {
    return this.load.level
  }

  get cost(): number {
    return this.load.service.mean
  }

  get correlationId(): Uint8Array {
    return this.envelope.correlationId
  }

  get attempt(): number {
    return this.envelope.attempt
  }

  get via(): ReadonlyArray<string> {
    return this.envelope.via
  }

  get traceparent(): string | undefined {
    return this.envelope.traceparent
  }

  get isSettled(): boolean {
    return this.state === "settled"
  }
}

/** Why a run is being interrupted. */
export type Stop = "cancelled" | "expired" | "draining"

/** How the fiber of a run ended, as it says itself. */
export type Ended =
  | {
      readonly _tag: "Answered"
      readonly answer: Answer
      /** What the handler added to the reply. */
      readonly headers: RecordHeaders
      /** Whether repeated requests are given the same answer. */
      readonly isKept: boolean
    }
  /** It was interrupted before it had an answer. */
  | { readonly _tag: "Stopped" }
  /** Its request is answered by somebody else, or needs another turn. */
  | { readonly _tag: "Passed" }

/** What can be interrupted: the fiber of a run, as far as the machine knows it. */
export interface Stoppable {
  readonly interruptUnsafe: () => void
}

/**
 * One fiber at work: for a request whose turn has come, and for all that join it. It has limits of its own, whoever joins.
 * The run is also the live deadline that nested calls read (`at`).
 */
export class Run {
  readonly request: Request
  readonly began: number
  /** When nobody can join any more: the end of its first request's time. */
  readonly joinBy: number
  /** When it is interrupted: later than `joinBy` when later requests joined, at most `maxTimeout` after it began. */
  at: number
  readonly latest: number
  stop: Stop | undefined
  fiber: Stoppable | undefined
  /** Whether it occupies one of the places. */
  hasPlace: boolean
  isOverdue = false
  /** Its handler was started. */
  isStarted = false
  /** What others join it by. */
  claim: string | undefined
  /** What those are found by that may join it, where their identity is a part of the claim. */
  hint: string | undefined
  fingerprint: string | undefined
  /** Its request was not what its headers said, or the run it was to join has ended: it needs a turn of its own. */
  needsTurn = false
  /** Those who get its answer beside its own request. */
  joined: AgeOrder<Request> | undefined

  constructor(request: Request, began: number, hasPlace: boolean, maxMillis: number) {
    this.request = request
    this.began = began
    this.hasPlace = hasPlace
    this.joinBy = this.at = request.runBy
    this.latest = Math.max(request.runBy, began + maxMillis)
  }

  /** Whether it runs for requests with this payload. */
  isFor(fingerprint: string): boolean {
    return this.fingerprint === fingerprint
  }

  /** Whether another request may share it, and give it more time. Past its first deadline it is not joined for that. */
  isJoinable(at: number): boolean {
    return this.stop === undefined && at < this.joinBy
  }

  /** A request with this deadline waits for it now: it goes on until then, but never longer than any run may. */
  extend(runBy: number): void {
    this.at = Math.min(Math.max(this.at, runBy), this.latest)
  }

  /** Takes one of those who joined it; undefined when there are none. */
  takeJoined(): Request | undefined {
    const oldest = this.joined?.oldest
    if (oldest !== undefined) this.joined!.remove(oldest)
    return oldest
  }
}

/** The runs that can be joined, by what they are joined by. */
export class Claims {
  readonly #runs = new Map<string, Run>()

  get size(): number {
    return this.#runs.size
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id)
  }

  hold(id: string, run: Run): void {
    this.#runs.set(id, run)
  }

  release(id: string): void {
    this.#runs.delete(id)
  }
}

/** The answer of a finished run that repeated requests are given again. */
export class KeptAnswer implements Kept<KeptAnswer> {
  readonly id: string
  readonly operation: string
  readonly reply: StoredAnswer
  /** Of the payload that it answers. */
  readonly #fingerprint: string
  /** Once for the request that made it; each request that is answered from it adds one until its offset is done. */
  pins = 1
  finishedAt = 0
  older: KeptAnswer | undefined
  newer: KeptAnswer | undefined

  constructor(id: string, operation: string, fingerprint: string, answer: Answer, headers: RecordHeaders) {
    this.id = id
    this.operation = operation
    this.#fingerprint = fingerprint
    this.reply = stored(answer, headers)
  }

  /** Whether it answers a request with this payload. */
  isFor(fingerprint: string): boolean {
    return this.#fingerprint === fingerprint
  }
}
