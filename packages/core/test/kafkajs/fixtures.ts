/** Topics of their own and records for tests against a broker. */
import { randomUUID } from "node:crypto"
import assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { toSettings } from "../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../src/kafkajs/internal/clusterClient.ts"
import { findCoordinator } from "../../src/kafkajs/internal/groupDescription.ts"
import { protocolsOf } from "../../src/kafkajs/internal/groupProtocols.ts"
import { protocolRequest } from "../../src/kafkajs/internal/kafkajsInternals.ts"
import { askController } from "../../src/kafkajs/internal/topicAdmin.ts"
import type { ConsumedRecord, OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import { type AssignedPartition, type JoinGroup, type StartPosition, Transport } from "../../src/kafka/Transport.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (value: Uint8Array | null): string => new TextDecoder().decode(value ?? new Uint8Array())

export const record = (
  topic: string,
  partition: number,
  value: string,
  headers: RecordHeaders = []
): OutgoingRecord => ({
  topic,
  partition,
  key: null,
  value: bytes(value),
  headers
})

/** A topic that no other test knows. */
export const makeTopic = Effect.fnUntraced(function* (
  partitions: number,
  configs: Readonly<Record<string, string>> = {}
) {
  const name = `kafkajs-${randomUUID()}`
  yield* (yield* Transport).topics.create({ name, partitions, replicationFactor: -1, configs })
  return name
})

/** Deletes a topic, through a client of its own. */
export const deleteTopic = (brokers: ReadonlyArray<string>, topic: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* ClusterClient.make(toSettings({ brokers, clientId: "core-test" }))
      yield* client.untilStarted(askController(client, "DeleteTopics", { topics: [topic], timeout: 5_000 }))
    })
  )

/** Reads one partition into a queue. */
export const reader = Effect.fnUntraced(function* (topic: string, partition: number, from: StartPosition) {
  const records = yield* Queue.unbounded<ConsumedRecord>()
  yield* (yield* Transport).readPartition({
    topic,
    partition,
    from,
    onRecords: (fetched) => void Queue.offerAllUnsafe(records, fetched)
  })
  return records
})

/** Joins a group; its assignments and records go into queues. */
export const member = Effect.fnUntraced(function* (groupId: string, topic: string, options: Partial<JoinGroup> = {}) {
  const assignments = yield* Queue.unbounded<ReadonlyArray<AssignedPartition>>()
  const records = yield* Queue.unbounded<ConsumedRecord>()
  const joined = yield* (yield* Transport).joinGroup({
    groupId,
    topics: [topic],
    onAssigned: (partitions) => void Queue.offerUnsafe(assignments, partitions),
    onRecords: (fetched) => {
      Queue.offerAllUnsafe(records, fetched)
      return fetched.length
    },
    onRevoking: Effect.void,
    revokeTimeoutMillis: 1_000,
    ...options
  })
  return { ...joined, assignments, records }
})

/**
 * A member that joins the group of these brokers and is never heard again: whoever joins afterwards waits for it until its
 * session is over, 6 s later.
 */
export const ghost = (brokers: ReadonlyArray<string>, groupId: string, topic: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const client = yield* ClusterClient.make(toSettings({ brokers, clientId: "core-test" }))
      yield* client.untilStarted(client.refresh)
      const connection = yield* client.connect(yield* findCoordinator(client, groupId), "ghost")
      const askToJoin = (memberId: string) => {
        const payload = {
          groupId,
          memberId,
          protocolType: "consumer",
          sessionTimeout: 6_000,
          rebalanceTimeout: 60_000,
          groupProtocols: protocolsOf([topic], { generation: -1, partitions: [] })
        }
        return client.ask<{ readonly errorCode: number; readonly memberId: string }>(
          connection,
          "joining",
          (versions) => protocolRequest(versions, "JoinGroup", payload),
          { holdMillis: 20_000, timeoutMillis: 25_000 }
        )
      }
      const { memberId } = yield* askToJoin("")
      assert.strictEqual((yield* askToJoin(memberId)).errorCode, 0)
    })
  )

/** Takes assignments until one has so many partitions. */
export const assignmentOf = (
  { assignments }: { readonly assignments: Queue.Dequeue<ReadonlyArray<AssignedPartition>> },
  partitions: number
) => Effect.repeat(Queue.take(assignments), { until: ({ length }) => length === partitions })

/** Takes records until each of the values has come at least once; gives all that came. */
export const takeUntil = Effect.fnUntraced(function* (
  queue: Queue.Queue<ConsumedRecord>,
  values: ReadonlyArray<string>
) {
  const missing = new Set(values)
  const taken: Array<ConsumedRecord> = []
  while (missing.size > 0) {
    const next = yield* Effect.timeoutOption(Queue.take(queue), "30 seconds")
    if (next._tag === "None") assert.fail(`never came: ${[...missing].slice(0, 20).join(", ")}`)
    taken.push(next.value)
    missing.delete(text(next.value.value))
  }
  return taken
})
