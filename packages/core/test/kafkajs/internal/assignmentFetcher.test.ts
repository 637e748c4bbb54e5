import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { TestClock } from "effect/testing"
import { EventLoop } from "../../../src/host/EventLoop.ts"
import * as AssignmentFetcher from "../../../src/kafkajs/internal/assignmentFetcher.ts"
import { type FetchAnswer } from "../../../src/protocol/fetchCodec.ts"
import { encodeProduce } from "../../../src/protocol/produceCodec.ts"
import { SkippedOffsets } from "../../../src/kafkajs/internal/skippedOffsets.ts"
import { bytes, text } from "../fixtures.ts"
import { type Answer, makeClient } from "./fakeBroker.ts"

const topic = "orders"
const notLeader = 6
const fetchKey = 1
const offsetForLeaderEpoch = 23
// Of a Produce body before the batch: transactional id, acks, timeout, topics, topic, partitions, partition, size.
const produceOverhead = 2 + 2 + 4 + 4 + (2 + topic.length) + 4 + 4 + 4

/** Record batches with these values, from the offset on. */
const log = (offset: number, values: ReadonlyArray<string>): Buffer =>
  Buffer.concat(
    values.map((value, i) => {
      const at = { topic, partition: 0 }
      const records = [{ ...at, key: null, value: bytes(value), headers: [] }]
      const batch = encodeProduce([{ ...at, records }], { timeoutMillis: 1, timestamp: 0 }).subarray(produceOverhead)
      batch.writeBigInt64BE(BigInt(offset + i))
      // The leader epoch, as the broker fills it in.
      batch.writeInt32BE(3, 12)
      return batch
    })
  )

type Partition = FetchAnswer["partitions"][number]
const answerOf = (partitions: ReadonlyArray<Omit<Partition, "topic" | "topicId">>): FetchAnswer => ({
  clientSideThrottleTime: 0,
  errorCode: 0,
  partitions: partitions.map((partition) => ({ topic, topicId: undefined, ...partition }))
})
const never = new Promise<never>(() => {})

const fetching = Effect.fnUntraced(function* (
  partitions: number,
  leaderOf: (partition: number) => number,
  answer: (nodeId: number) => Answer,
  isLeased: () => boolean = () => true,
  /** What was committed of every partition, and the epochs of its record and of its leader now. */
  at: { readonly committed: number; readonly leaderEpoch?: number; readonly epochNow?: () => number } = { committed: 0 }
) {
  const values = yield* Queue.unbounded<string>()
  const client = yield* makeClient(answer)
  client.metadata.leaderOf = (_topic, partition) => leaderOf(partition)
  const assigned = Array.from({ length: partitions }, (_, partition) => ({
    topic,
    partition,
    committed: at.committed,
    leaderEpoch: at.leaderEpoch,
    metadata: ""
  }))
  client.metadata.leaderEpochOf = () => at.epochNow?.() ?? -1
  const onRecords = (records: ReadonlyArray<{ readonly value: Uint8Array | null }>) => {
    Queue.offerAllUnsafe(
      values,
      records.map(({ value }) => text(value))
    )
    return records.length
  }
  const join = {
    groupId: "group",
    topics: [topic],
    onAssigned: () => undefined,
    onRecords,
    onRevoking: Effect.void,
    revokeTimeoutMillis: 1_000
  }
  const fetcher = yield* AssignmentFetcher.make({
    client,
    eventLoop: yield* EventLoop,
    join,
    assigned,
    purpose: "fetch",
    skipped: new SkippedOffsets(),
    isLeased
  })
  return { values, fetcher }
})

const nextTurn = Effect.flatMap(EventLoop, (eventLoop) =>
  Effect.callback<void>((resume) => eventLoop.nextTurn(() => resume(Effect.void)))
)

const epochEnd = (endOffset: number) => ({ partitions: [{ topic, partition: 0, errorCode: 0, epoch: 3, endOffset }] })

describe("assignmentFetcher", () => {
  it.effect("the error of one partition does not throw away what came for the others", () =>
    Effect.gen(function* () {
      const noRecords = Buffer.alloc(0)
      let fetches = 0
      const answer: Answer = async () =>
        fetches++ > 0
          ? never
          : answerOf([
              { partition: 0, errorCode: notLeader, records: noRecords },
              { partition: 1, errorCode: 0, records: log(0, ["a"]) },
              { partition: 2, errorCode: 0, records: log(0, ["b"]) }
            ])
      const { values } = yield* fetching(
        3,
        () => 0,
        () => answer
      )
      assert.deepStrictEqual([yield* Queue.take(values), yield* Queue.take(values)], ["a", "b"])
    }).pipe(Effect.scoped)
  )

  it.effect("what an old leader answers late is not handed over again", () =>
    Effect.gen(function* () {
      let leader = 0
      const late = Promise.withResolvers<FetchAnswer>()
      const old: Answer = () => late.promise
      let fetches = 0
      const next: Answer = async () =>
        fetches++ > 0 ? never : answerOf([{ partition: 0, errorCode: 0, records: log(0, ["a", "b"]) }])
      // Partition 1 has no leader, which is what lets the fetcher look for leaders.
      const { values } = yield* fetching(
        2,
        (partition) => (partition === 0 ? leader : -1),
        (id) => (id === 0 ? old : next)
      )
      yield* TestClock.adjust(0)
      leader = 1
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* Queue.take(values), yield* Queue.take(values)], ["a", "b"])
      late.resolve(answerOf([{ partition: 0, errorCode: 0, records: log(0, ["a"]) }]))
      for (let i = 0; i < 5; i++) yield* nextTurn
      assert.deepStrictEqual(yield* Queue.clear(values), [])
    }).pipe(Effect.scoped)
  )

  it.effect("a leader that moves is followed, whoever found out, and though nothing failed", () =>
    Effect.gen(function* () {
      let leader = 0
      const empty = Promise.withResolvers<FetchAnswer>()
      const old: Answer = () => empty.promise
      let fetches = 0
      const next: Answer = async () =>
        fetches++ > 0 ? never : answerOf([{ partition: 0, errorCode: 0, records: log(0, ["a"]) }])
      const { values } = yield* fetching(
        1,
        () => leader,
        (id) => (id === 0 ? old : next)
      )
      yield* nextTurn
      // The metadata is shared with the heartbeats, the commits and the look for new partitions.
      leader = 1
      empty.resolve(answerOf([{ partition: 0, errorCode: 0, records: Buffer.alloc(0) }]))
      for (let i = 0; i < 5; i++) yield* nextTurn
      assert.deepStrictEqual(yield* Queue.clear(values), ["a"])
    }).pipe(Effect.scoped)
  )

  it.effect("chaos D3: without a lease nothing is handed over, and with the next one all of it", () =>
    Effect.gen(function* () {
      let isLeased = false
      let fetches = 0
      const answer: Answer = async () =>
        fetches++ > 0 ? never : answerOf([{ partition: 0, errorCode: 0, records: log(0, ["a", "b"]) }])
      const { fetcher, values } = yield* fetching(
        1,
        () => 0,
        () => answer,
        () => isLeased
      )
      for (let i = 0; i < 5; i++) yield* nextTurn
      assert.deepStrictEqual([fetches, yield* Queue.clear(values)], [1, []])
      isLeased = true
      fetcher.handOverAll()
      assert.deepStrictEqual(yield* Queue.clear(values), ["a", "b"])
    }).pipe(Effect.scoped)
  )

  it.effect(
    "P6/offset: a log that was cut off below what is committed, and is longer again, is read from the cut",
    () =>
      Effect.gen(function* () {
        const asked: Array<number> = []
        const answer: Answer = async (apiKey) => {
          asked.push(apiKey)
          if (apiKey === offsetForLeaderEpoch) return epochEnd(3)
          return asked.length > 2
            ? never
            : answerOf([{ partition: 0, errorCode: 0, records: log(3, ["new 3", "new 4", "new 5"]) }])
        }
        const at = { committed: 5, leaderEpoch: 3, epochNow: () => 4 }
        const { values } = yield* fetching(
          1,
          () => 0,
          () => answer,
          () => true,
          at
        )
        assert.deepStrictEqual(yield* Queue.takeBetween(values, 3, 3), ["new 3", "new 4", "new 5"])
        for (let i = 0; i < 5; i++) yield* nextTurn
        // Once per leader epoch.
        assert.deepStrictEqual(asked, [offsetForLeaderEpoch, fetchKey, fetchKey])
      }).pipe(Effect.scoped)
  )

  it.effect("P6/offset: another leader is asked before it is read from, and one whose log goes on is read on", () =>
    Effect.gen(function* () {
      let epochNow = 4
      const asked: Array<number> = []
      const polled = Promise.withResolvers<FetchAnswer>()
      const answer: Answer = async (apiKey) => {
        asked.push(apiKey)
        if (apiKey === offsetForLeaderEpoch) return epochEnd(7)
        if (asked.length === 2) return answerOf([{ partition: 0, errorCode: 0, records: log(5, ["5"]) }])
        return asked.length === 3
          ? polled.promise
          : asked.length === 5
            ? answerOf([{ partition: 0, errorCode: 0, records: log(6, ["6"]) }])
            : never
      }
      const { values } = yield* fetching(
        1,
        () => 0,
        () => answer,
        () => true,
        { committed: 5, leaderEpoch: 3, epochNow: () => epochNow }
      )
      assert.strictEqual(yield* Queue.take(values), "5")
      for (let i = 0; i < 5; i++) yield* nextTurn
      epochNow = 5
      polled.resolve(answerOf([{ partition: 0, errorCode: 0, records: Buffer.alloc(0) }]))
      assert.strictEqual(yield* Queue.take(values), "6")
      assert.deepStrictEqual(asked.slice(0, 5), [
        offsetForLeaderEpoch,
        fetchKey,
        fetchKey,
        offsetForLeaderEpoch,
        fetchKey
      ])
    }).pipe(Effect.scoped)
  )
})
