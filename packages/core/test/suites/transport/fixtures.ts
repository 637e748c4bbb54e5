/**
 * What the transport laws share: topics nobody else knows, readers and members that collect, and waiting with a limit.
 */
import { assert, type Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Queue from "effect/Queue"
import { randomUUID } from "node:crypto"
import type { ConsumedRecord, OutgoingRecord } from "../../../src/kafka/KafkaRecord.ts"
import { type AssignedPartition, type JoinGroup, type StartPosition, Transport } from "../../../src/kafka/Transport.ts"
import { publishing } from "../../publisher/Awaited.ts"
import type { TransportError } from "../../../src/kafka/TransportError.ts"
import * as Publisher from "../../../src/publisher/Publisher.ts"
import type * as PublisherOptions from "../../../src/publisher/PublisherOptions.ts"

/** The block's tester: the transport is in the context, the clock is the real one. */
export type Tester = Vitest.MethodsNonLive<Transport>

/** Registers laws, each with time enough for a real broker and its rebalances. */
export const lawsOf =
  (it: Tester) =>
  <E>(law: string, test: () => Effect.Effect<void, E, Transport | Scope.Scope>): void =>
    it.effect(law, test, 60_000)

const patience = "20 seconds"

/** Fails the test when what it waits for does not come. */
export const soon = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.timeoutOrElse(effect, {
    duration: patience,
    orElse: () => Effect.die(new Error(`waited ${patience} for ${what}`))
  })

export const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8")

export const text = (value: Uint8Array | null): string =>
  value === null ? "null" : Buffer.from(value).toString("utf8")

export const valuesOf = (records: ReadonlyArray<ConsumedRecord>): ReadonlyArray<string> =>
  records.map((record) => text(record.value))

export const record = (topic: string, partition: number, value: string, key?: string): OutgoingRecord => ({
  topic,
  partition,
  key: key === undefined ? null : bytes(key),
  value: bytes(value),
  headers: []
})

export const makeTopic = Effect.fnUntraced(function* (
  partitions: number,
  configs: Readonly<Record<string, string>> = {}
) {
  const { topics } = yield* Transport
  const name = `law-${randomUUID()}`
  assert.isTrue(yield* topics.create({ name, partitions, replicationFactor: -1, configs }))
  return name
})

/** A publisher over the transport's link, as requester and responder have one. */
export const publisherWith = (options?: Partial<PublisherOptions.Options>) =>
  Effect.flatMap(Transport, ({ link }) =>
    Effect.map(Publisher.make(link, options), (publisher) => ({ ...publisher, publish: publishing(publisher) }))
  )

export const publisherOverLink = publisherWith()

/** Publishes one after the other. */
export const publishAll = Effect.fnUntraced(function* (records: ReadonlyArray<OutgoingRecord>) {
  const publisher = yield* publisherOverLink
  yield* Effect.forEach(records, (record) => publisher.publish(record, 20_000), { discard: true })
})

/** The reason an effect fails for; the test fails when it succeeds. */
export const reasonOf = <A, R>(effect: Effect.Effect<A, TransportError, R>): Effect.Effect<string, A, R> =>
  Effect.map(Effect.flip(effect), (error) => error.reason._tag)

const take = <A>(queue: Queue.Queue<A>, count: number, what: string): Effect.Effect<ReadonlyArray<A>> =>
  soon(
    `${count} ${what}`,
    Effect.forEach(Array.from({ length: count }), () => Queue.take(queue))
  )

/** A reader whose records wait to be taken. */
export const read = Effect.fnUntraced(function* (topic: string, partition: number, from: StartPosition) {
  const { readPartition } = yield* Transport
  const records = yield* Queue.unbounded<ConsumedRecord>()
  const { start } = yield* readPartition({
    topic,
    partition,
    from,
    onRecords: (batch) => void Queue.offerAllUnsafe(records, batch)
  })
  return { start, next: (count: number) => take(records, count, "records"), waiting: Queue.size(records) }
})

/** A member whose assignments and records wait to be taken. It takes all records unless told how many more. */
export const join = Effect.fnUntraced(function* (
  groupId: string,
  topics: ReadonlyArray<string>,
  options: Partial<Pick<JoinGroup, "onRevoking" | "revokeTimeoutMillis">> = {}
) {
  const { joinGroup } = yield* Transport
  const records = yield* Queue.unbounded<ConsumedRecord>()
  const assignments = yield* Queue.unbounded<ReadonlyArray<AssignedPartition>>()
  let appetite = Number.POSITIVE_INFINITY
  const member = yield* joinGroup({
    groupId,
    topics,
    onAssigned: (partitions) => void Queue.offerUnsafe(assignments, partitions),
    onRecords: (batch) => {
      const taken = batch.slice(0, appetite)
      appetite -= taken.length
      Queue.offerAllUnsafe(records, taken)
      return taken.length
    },
    onRevoking: Effect.void,
    revokeTimeoutMillis: 5_000,
    ...options
  })
  return {
    ...member,
    assignments: Queue.size(assignments),
    /** The next assignment that satisfies, skipping those on the way to it. */
    assigned: (matches: (partitions: ReadonlyArray<AssignedPartition>) => boolean = () => true) =>
      soon("an assignment", Effect.repeat(Queue.take(assignments), { until: matches })),
    next: (count: number) => take(records, count, "records"),
    waiting: Queue.size(records),
    eat: (count: number): void => {
      appetite = count
    }
  }
})

export const newGroup = (): string => `law-${randomUUID()}`
