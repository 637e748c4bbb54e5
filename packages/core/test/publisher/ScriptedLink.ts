/**
 * A producer link whose answers a test gives, and publications that remember what they were told.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import type { PartitionBatch, Produced, ProducerLink } from "../../src/kafka/ProducerLink.ts"
import { Publication } from "../../src/publisher/Publication.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import { because, NoSuchTopic, type TransportError } from "../../src/kafka/TransportError.ts"

/** A request that was handed over and waits for its answer. */
export interface Sent {
  readonly batches: ReadonlyArray<PartitionBatch>
  /** The records of all partitions. */
  readonly batch: ReadonlyArray<Item>
  readonly leader: number
  readonly answer: (exit: Exit.Exit<Produced, Verdict.Unwritten>) => void
}

export const topic = "orders"

export class Item extends Publication {
  readonly index: number
  readonly outcomes: Array<"acknowledged" | TransportError> = []

  constructor(index: number, record: Partial<OutgoingRecord> = {}, deadline = Number.POSITIVE_INFINITY, waits = true) {
    super(
      { topic, partition: 0, key: null, value: Buffer.from(String(index)), headers: [], ...record },
      deadline,
      waits
    )
    this.index = index
  }

  override onAcknowledged(): void {
    this.outcomes.push("acknowledged")
  }

  override onRefused(error: TransportError): void {
    this.outcomes.push(error)
  }

  /** What it was told so far, errors by their reason. */
  get told(): ReadonlyArray<string> {
    return this.outcomes.map((outcome) => (outcome === "acknowledged" ? outcome : outcome.reason._tag))
  }
}

export const items = (count: number, record: Partial<OutgoingRecord> = {}, from = 0): ReadonlyArray<Item> =>
  Array.from({ length: count }, (_, index) => new Item(from + index, record))

export const indexes = (batch: ReadonlyArray<Item>): ReadonlyArray<number> => batch.map(({ index }) => index)

/** The broker answers with a verdict for each partition. */
export const judge = (
  sent: Sent,
  verdictOf: (partition: number) => Verdict.Verdict = () => Verdict.written,
  throttleMillis = 0
): void =>
  sent.answer(Exit.succeed({ verdicts: sent.batches.map(({ partition }) => verdictOf(partition)), throttleMillis }))

/** All partitions of a request acknowledged. */
export const acknowledge = (sent: Sent): void => judge(sent)

/** There is no answer. */
export const fail = (sent: Sent, failure: Verdict.Unwritten): void => sent.answer(Exit.fail(failure))

export class ScriptedLink implements ProducerLink {
  readonly open = new Set<Sent>()
  readonly #sent = Queue.unbounded<Sent>().pipe(Effect.runSync)
  /** Called with every request as it is handed over. */
  onSend: (sent: Sent) => void = () => {}
  partitionCounts = new Map([[topic, 8]])
  /** The leader of each partition; -1 is unknown. */
  leaders: (partition: number) => number = () => 0
  refreshes = 0
  onRefresh: () => void = () => {}

  readonly leaderOf = (name: string, partition: number): number =>
    partition < (this.partitionCounts.get(name) ?? 0) ? this.leaders(partition) : -1

  readonly partitions = (name: string): Effect.Effect<number, TransportError> =>
    Effect.suspend(() => {
      const count = this.partitionCounts.get(name)
      return count === undefined ? Effect.fail(because(new NoSuchTopic({ topic: name }))) : Effect.succeed(count)
    })

  readonly refresh: Effect.Effect<void, TransportError> = Effect.sync(() => {
    this.refreshes++
    this.onRefresh()
  })

  readonly send: ProducerLink["send"] = (leader, batches) =>
    Effect.suspend(() => {
      const answered = Deferred.makeUnsafe<Produced, Verdict.Unwritten>()
      const sent: Sent = {
        batches,
        batch: batches.flatMap(({ records }) => records as ReadonlyArray<Item>),
        leader,
        answer: (exit) => {
          this.open.delete(sent)
          Deferred.doneUnsafe(answered, exit)
        }
      }
      this.open.add(sent)
      this.onSend(sent)
      Queue.offerUnsafe(this.#sent, sent)
      return Effect.ensuring(
        Deferred.await(answered),
        Effect.sync(() => this.open.delete(sent))
      )
    })

  /** The next request handed over. */
  get next(): Effect.Effect<Sent> {
    return Queue.take(this.#sent)
  }

  /** Requests handed over and not taken by `next`. */
  get untaken(): number {
    return Queue.sizeUnsafe(this.#sent)
  }
}

/** Lets everything that is due in this turn of the event loop happen, and what follows from it. */
export const turns: Effect.Effect<void> = Effect.repeat(
  Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void))),
  { times: 8 }
)
