/**
 * The simulated Kafka cluster: the in-memory broker's logs behind a network with latencies, with leaders that freeze, are
 * cut off or move, and with faults for single records.
 *
 * Plain callbacks on timers, no fibers: a host that dies in the middle of something cannot take the cluster along.
 */
import type { MemoryBroker } from "@kafka-request-reply/core/MemoryBroker"
import { notFound } from "@kafka-request-reply/core/MemoryBroker"
import type { OutgoingRecord, TopicPartition } from "@kafka-request-reply/core/Transport"
import type { PartitionBatch, Produced } from "@kafka-request-reply/core/simulator/kafka/ProducerLink"
import * as Verdict from "@kafka-request-reply/core/simulator/kafka/Verdict"
import type { TopicSpec } from "@kafka-request-reply/core/Transport"
import {
  because,
  NoAnswer,
  TooLarge,
  type TransportError,
  Unacknowledged,
  Unavailable,
  Unreachable
} from "@kafka-request-reply/core/TransportError"
import * as HeaderNames from "@kafka-request-reply/core/simulator/wire/HeaderNames"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import type { Happening } from "../history/Event.ts"
import type { RandomStream } from "../kernel/RandomStream.ts"
import type { Timers } from "../kernel/VirtualClock.ts"
import { Coordinator } from "./Coordinator.ts"
import { buriedBy, damaged } from "./damage.ts"
import { Labels } from "./Labels.ts"
import type { RecordFault, RecordFaults } from "./RecordFault.ts"

/** What a host learns of a produce request: the broker's answer, or what is known without one. */
export type Answer = Produced | Verdict.Unwritten

export interface ClusterOptions {
  readonly broker: MemoryBroker["Service"]
  readonly timers: Timers
  /** The latencies' stream of a host. */
  readonly randomOf: (host: string) => RandomStream
  readonly faults: RecordFaults
  readonly leaders: number
  readonly sessionTimeoutMillis: number
  readonly heartbeatMillis: number
  readonly onEvent: (who: string, happening: Happening) => void
}

interface Node {
  frozenUntil: number
  cutUntil: number
}

const garbled = (record: OutgoingRecord): OutgoingRecord => ({
  ...record,
  headers: record.headers.map(([name, value]) => [name, name === HeaderNames.rr ? Uint8Array.of(0x28, 0xff) : value])
})

export class Cluster {
  readonly options: ClusterOptions
  readonly labels = new Labels()
  /** Readers learn that a log was cut off by an offset out of range only. */
  isBlind = false
  readonly #nodes: ReadonlyArray<Node>
  readonly #moved = new Map<string, number>()
  readonly #groups = new Map<string, Coordinator>()
  readonly #watchers = new Set<() => void>()
  readonly #nodeWatchers = new Set<() => void>()

  constructor(options: ClusterOptions) {
    this.options = options
    this.#nodes = Array.from({ length: options.leaders }, () => ({ frozenUntil: 0, cutUntil: 0 }))
  }

  // --- topics and leaders ---

  leaderOf({ partition, topic }: TopicPartition): number {
    return this.#moved.get(`${topic}-${partition}`) ?? partition % this.#nodes.length
  }

  createTopic(spec: TopicSpec): boolean {
    const isNew = this.options.broker.createTopic(spec)
    if (isNew) for (const watcher of this.#watchers) watcher()
    return isNew
  }

  deleteTopic(name: string): void {
    this.options.broker.deleteTopic(name)
    for (const group of this.#groups.values()) group.forgetTopic(name)
    for (const watcher of this.#watchers) watcher()
  }

  /** Calls back when a topic was created or deleted, until the returned function is called. */
  onTopics(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** Calls back when a node stops answering or a leader moves, until the returned function is called. */
  onNodes(watcher: () => void): () => void {
    this.#nodeWatchers.add(watcher)
    return () => void this.#nodeWatchers.delete(watcher)
  }

  group(id: string): Coordinator {
    let group = this.#groups.get(id)
    if (group === undefined) this.#groups.set(id, (group = new Coordinator(this, id)))
    return group
  }

  // --- faults of nodes ---

  freeze(leader: number, millis: number): void {
    const node = this.#nodes[leader % this.#nodes.length]!
    node.frozenUntil = Math.max(node.frozenUntil, this.options.timers.now() + millis)
    for (const watcher of this.#nodeWatchers) watcher()
  }

  cut(leader: number, millis: number): void {
    const node = this.#nodes[leader % this.#nodes.length]!
    node.cutUntil = Math.max(node.cutUntil, this.options.timers.now() + millis)
    for (const watcher of this.#nodeWatchers) watcher()
  }

  /** Moves the leadership of a partition to the next node. */
  move(partition: TopicPartition): void {
    this.#moved.set(`${partition.topic}-${partition.partition}`, (this.leaderOf(partition) + 1) % this.#nodes.length)
    for (const watcher of this.#nodeWatchers) watcher()
  }

  isCut(leader: number): boolean {
    return this.#nodes[leader]!.cutUntil > this.options.timers.now()
  }

  /** Does something at a node as soon as it answers: now, or when it thaws. */
  at(leader: number, task: () => void): void {
    const wait = this.#nodes[leader]!.frozenUntil - this.options.timers.now()
    if (wait <= 0) task()
    else this.options.timers.after(wait, () => this.at(leader, task))
  }

  /** How long until a fetch from this leader can be answered. */
  fetchDelay(leader: number): number {
    const { cutUntil, frozenUntil } = this.#nodes[leader]!
    return Math.max(0, Math.max(cutUntil, frozenUntil) - this.options.timers.now())
  }

  /** A partition loses its newest records. */
  cutOff(partition: TopicPartition, count: number, isBlind: boolean): void {
    const log = this.options.broker.log(partition)
    this.isBlind = isBlind
    log?.cutOff(Math.max(log.start, log.end - count))
  }

  /** Writes a batch to a request partition that nobody can read. */
  damage(partition: number, count: number): void {
    const first = this.options.broker.log({ topic: "sim.requests", partition })?.end ?? 0
    this.append(damaged(partition, count))
    this.options.onEvent("cluster", { type: "damaged", partition, first, last: first + count - 1 })
  }

  // --- writing ---

  /** A produce request of a host on its way; `respond` is called when the answer reaches the host, if it does. */
  produce(
    host: string,
    leader: number,
    batches: ReadonlyArray<PartitionBatch>,
    respond: (answer: Answer) => void
  ): void {
    const { faults, randomOf, timers } = this.options
    const random = randomOf(host)
    const out = random.between(1, 4)
    const back = random.between(1, 4)
    let delay = 0
    let slow = 0
    let isLost = false
    const byRecord = new Map<OutgoingRecord, RecordFault>()
    for (const record of batches.flatMap(({ records }) => records)) {
      const { label } = this.labels.describe(record)
      const fault = faults.take(label)
      if (fault === undefined) continue
      byRecord.set(record, fault)
      this.options.onEvent("cluster", { type: "fault", fault: fault.kind, detail: `${label.leg} of ${label.call}` })
      if (fault.kind === "delay") delay = Math.max(delay, fault.millis)
      if (fault.kind === "slow-ack") slow = Math.max(slow, fault.millis)
      if (fault.kind === "lost-ack") {
        slow = Math.max(slow, fault.millis)
        isLost = true
      }
    }
    const refusal = [...byRecord.values()].find(({ kind }) => kind === "refuse")
    timers.after(out + delay, () => {
      if (this.isCut(leader)) {
        const error = because(new Unreachable({ brokers: [String(leader)], detail: "connection refused" }))
        return timers.after(back, () => respond(Verdict.notWritten(error)))
      }
      this.at(leader, () => {
        const fewReplicas = because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "refused by the plan" }))
        const verdicts = batches.map((batch) =>
          refusal === undefined ? this.#write(leader, batch, byRecord) : Verdict.ofRefusal(fewReplicas)
        )
        const answer: Answer = isLost
          ? Verdict.unknown(because(new NoAnswer({ detail: "the connection was lost" })))
          : { verdicts, throttleMillis: 0 }
        timers.after(back + slow, () => respond(answer))
      })
    })
  }

  #write(leader: number, batch: PartitionBatch, faults: ReadonlyMap<OutgoingRecord, RecordFault>): Verdict.Verdict {
    const { partition, records, topic } = batch
    const kinds = new Set(records.map((record) => faults.get(record)?.kind))
    if (kinds.has("unmentioned")) return Verdict.unknown(because(new Unacknowledged({ topic, partition })))
    const error = this.#refusalOf(batch, leader, kinds) ?? this.#append(records, faults)
    return error === undefined ? Verdict.written : Verdict.ofRefusal(error)
  }

  #refusalOf(
    partition: TopicPartition,
    leader: number,
    kinds: ReadonlySet<RecordFault["kind"] | undefined>
  ): TransportError | undefined {
    if (kinds.has("too-large")) return because(new TooLarge({ topic: partition.topic, detail: "refused by the plan" }))
    if (this.options.broker.log(partition) === undefined) return notFound(this.options.broker, partition)
    if (this.leaderOf(partition) === leader) return undefined
    return because(new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "the leader has moved" }))
  }

  #append(
    records: ReadonlyArray<OutgoingRecord>,
    faults: ReadonlyMap<OutgoingRecord, RecordFault>
  ): TransportError | undefined {
    const { timers } = this.options
    for (const record of records) if (faults.get(record)?.kind === "garbled") this.append([garbled(record)])
    const kept = records.filter((record) => faults.get(record)?.kind !== "lose")
    const error = kept.length === 0 ? undefined : this.append(kept)
    if (error !== undefined) return error
    for (const record of kept) {
      const fault = faults.get(record)
      if (fault?.kind === "duplicate") timers.after(fault.millis, () => void this.append([record]))
    }
    return undefined
  }

  /** Appends records of one partition, all or none. */
  append(records: ReadonlyArray<OutgoingRecord>): TransportError | undefined {
    const { partition, topic } = records[0]!
    const exit = Effect.runSyncExit(this.options.broker.appendBatch({ topic, partition }, records))
    if (Exit.isFailure(exit)) return Cause.squash(exit.cause) as TransportError
    for (const [index, record] of records.entries()) {
      const buried = buriedBy(record)
      if (buried !== undefined) this.options.onEvent("cluster", { type: "buried", ...buried })
      const { deadline, label, outcome, replyPartition } = this.labels.describe(record)
      this.options.onEvent("cluster", {
        type: "written",
        label,
        topic,
        partition,
        offset: exit.value + index,
        key: record.key === null ? undefined : Buffer.from(record.key).toString("utf8"),
        deadline,
        outcome,
        replyPartition
      })
    }
    return undefined
  }
}
