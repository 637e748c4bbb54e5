/**
 * A producer link whose answers a test gives, and publications that remember what they were told.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import type { PartitionAck, ProducerLink } from "../../src/kafka/ProducerLink.ts"
import { Publication } from "../../src/publisher/Publication.ts"
import { because, NoSuchTopic, type TransportError } from "../../src/kafka/TransportError.ts"

/** A batch that was handed over and waits for its answer. */
export interface Sent {
  readonly batch: ReadonlyArray<Item>
  readonly leader: number
  readonly answer: (exit: Exit.Exit<ReadonlyArray<PartitionAck>, TransportError>) => void
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

/** All partitions of a batch acknowledged. */
export const acknowledge = (sent: Sent): void =>
  sent.answer(Exit.succeed(sent.batch.map(({ partition }) => ({ topic, partition }))))

export class ScriptedLink implements ProducerLink {
  readonly open = new Set<Sent>()
  readonly #sent = Queue.unbounded<Sent>().pipe(Effect.runSync)
  /** Called with every batch as it is handed over. */
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

  readonly send = (
    records: ReadonlyArray<OutgoingRecord>
  ): Effect.Effect<ReadonlyArray<PartitionAck>, TransportError> =>
    Effect.suspend(() => {
      const batch = records as ReadonlyArray<Item>
      const answered = Deferred.makeUnsafe<ReadonlyArray<PartitionAck>, TransportError>()
      const sent: Sent = {
        batch,
        leader: this.leaderOf(topic, batch[0]!.partition),
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

  /** The next batch handed over. */
  get next(): Effect.Effect<Sent> {
    return Queue.take(this.#sent)
  }

  /** Batches handed over and not taken by `next`. */
  get untaken(): number {
    return Queue.sizeUnsafe(this.#sent)
  }
}

/** Lets everything that is due in this turn of the event loop happen, and what follows from it. */
export const turns: Effect.Effect<void> = Effect.repeat(
  Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void))),
  { times: 8 }
)
