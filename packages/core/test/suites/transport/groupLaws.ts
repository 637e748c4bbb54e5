/**
 * Members of a group share its partitions, hand them over in order, and what one commits the next one is given.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { type AssignedPartition, Transport } from "../../../src/kafka/Transport.ts"
import {
  join,
  makeTopic,
  newGroup,
  publishAll,
  read,
  reasonOf,
  record,
  soon,
  lawsOf,
  type Tester,
  valuesOf
} from "./fixtures.ts"

/** What was committed, without what a driver may tell of the topic beside it. */
const commitsIn = (assigned: ReadonlyArray<AssignedPartition>) =>
  assigned.map(({ committed, metadata, partition, topic }) => ({ topic, partition, committed, metadata }))

export const groupLaws = (it: Tester): void => {
  const law = lawsOf(it)

  law("a member is joined when joinGroup returns, and starts at the earliest", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      yield* publishAll([record(topic, 0, "before")])
      const member = yield* join(newGroup(), [topic])
      assert.isAtLeast(yield* member.assignments, 1)
      const assigned = (yield* member.assigned()).toSorted((a, b) => a.partition - b.partition)
      assert.deepStrictEqual(
        assigned.map(({ committed, metadata, partition }) => [partition, committed, metadata]),
        [
          [0, undefined, ""],
          [1, undefined, ""]
        ]
      )
      assert.deepStrictEqual(valuesOf(yield* member.next(1)), ["before"])
    })
  )

  law("a commit and its metadata are given back, and only what follows is delivered again", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const group = newGroup()
      yield* publishAll([record(topic, 0, "a", "k"), record(topic, 0, "b", "k"), record(topic, 0, "c", "k")])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const member = yield* join(group, [topic])
          assert.deepStrictEqual(valuesOf(yield* member.next(3)), ["a", "b", "c"])
          yield* member.commit([{ topic, partition: 0, offset: 1, metadata: "early" }])
          yield* member.commit([{ topic, partition: 0, offset: 2, metadata: "done: 1,3" }])
        })
      )
      const member = yield* join(group, [topic])
      assert.deepStrictEqual(commitsIn(yield* member.assigned()), [
        { topic, partition: 0, committed: 2, metadata: "done: 1,3" }
      ])
      yield* publishAll([record(topic, 0, "d", "k")])
      assert.deepStrictEqual(valuesOf(yield* member.next(2)), ["c", "d"])
    })
  )

  law("a commit carries 4096 characters of metadata, and more are refused", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const group = newGroup()
      const member = yield* join(group, [topic])
      const commit = (length: number) =>
        member.commit([{ topic, partition: 0, offset: 0, metadata: "m".repeat(length) }])
      yield* commit(4_096)
      assert.strictEqual(yield* reasonOf(commit(4_097)), "Refused")
      yield* member.leave
      const next = yield* join(group, [topic])
      assert.strictEqual((yield* next.assigned())[0]?.metadata.length, 4_096)
    })
  )

  law("two members share the partitions, and each gets the records of its own", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const group = newGroup()
      const first = yield* join(group, [topic])
      yield* first.assigned((partitions) => partitions.length === 2)
      const second = yield* join(group, [topic])
      const [mine] = yield* first.assigned((partitions) => partitions.length === 1)
      const [theirs] = yield* second.assigned((partitions) => partitions.length === 1)
      assert.deepStrictEqual([mine?.partition, theirs?.partition].toSorted(), [0, 1])
      yield* publishAll([record(topic, 0, "0"), record(topic, 1, "1")])
      assert.deepStrictEqual(valuesOf(yield* first.next(1)), [String(mine?.partition)])
      assert.deepStrictEqual(valuesOf(yield* second.next(1)), [String(theirs?.partition)])
    })
  )

  law("groups do not take records from each other", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const members = [yield* join(newGroup(), [topic]), yield* join(newGroup(), [topic])]
      yield* publishAll([record(topic, 0, "for both")])
      for (const member of members) assert.deepStrictEqual(valuesOf(yield* member.next(1)), ["for both"])
    })
  )

  law("partitions move only after onRevoking, whose commits the next owner sees", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const group = newGroup()
      const revoking = yield* Deferred.make<void>()
      const isDone = yield* Deferred.make<void>()
      const committed = yield* Deferred.make<void, unknown>()
      const commit: { run: Effect.Effect<void, unknown> } = { run: Effect.void }
      const first = yield* join(group, [topic], {
        onRevoking: Effect.suspend(() =>
          Deferred.succeed(revoking, undefined).pipe(
            Effect.andThen(Deferred.await(isDone)),
            Effect.andThen(Deferred.complete(committed, commit.run))
          )
        )
      })
      commit.run = first.commit(
        [0, 1].map((partition) => ({ topic, partition, offset: 7, metadata: `by the first, ${partition}` }))
      )
      const joining = join(group, [topic]).pipe(
        Effect.flatMap((second) => second.assigned((partitions) => partitions.length === 1)),
        Effect.provideService(Scope.Scope, yield* Effect.scope)
      )
      const taking = yield* Effect.forkChild(joining, { startImmediately: true })
      yield* soon("onRevoking", Deferred.await(revoking))
      assert.isUndefined(taking.pollUnsafe())
      yield* Deferred.succeed(isDone, undefined)
      const [assigned] = yield* soon("the second member", Fiber.join(taking))
      assert.deepInclude(assigned, { committed: 7, metadata: `by the first, ${assigned?.partition}` })
      yield* Deferred.await(committed)
    })
  )

  law("onRevoking that does not end is waited for no longer than its timeout", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const group = newGroup()
      const first = yield* join(group, [topic], { onRevoking: Effect.never, revokeTimeoutMillis: 200 })
      yield* first.assigned((partitions) => partitions.length === 2)
      const second = yield* join(group, [topic])
      yield* second.assigned((partitions) => partitions.length === 1)
    })
  )

  law("a partition whose records were not all taken is paused; resume delivers the rest", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      yield* publishAll(["a", "b", "c", "d", "e"].map((value) => record(topic, 0, value, "k")))
      const member = yield* join(newGroup(), [topic])
      yield* member.next(5)
      member.eat(2)
      yield* publishAll(["f", "g", "h"].map((value) => record(topic, 0, value, "k")))
      assert.deepStrictEqual(valuesOf(yield* member.next(2)), ["f", "g"])
      yield* publishAll([record(topic, 0, "i", "k")])
      // The record is in the log when another reader has it; a partition that is not paused would deliver it now.
      yield* (yield* read(topic, 0, 8)).next(1)
      assert.strictEqual(yield* member.waiting, 0)
      member.eat(Number.POSITIVE_INFINITY)
      member.resume({ topic, partition: 0 })
      assert.deepStrictEqual(valuesOf(yield* member.next(2)), ["h", "i"])
    })
  )

  law("a paused partition holds up no other", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const member = yield* join(newGroup(), [topic])
      member.pause({ topic, partition: 0 })
      yield* publishAll([record(topic, 0, "paused"), record(topic, 1, "first"), record(topic, 1, "second")])
      assert.deepStrictEqual(valuesOf(yield* member.next(2)).toSorted(), ["first", "second"])
      member.resume({ topic, partition: 0 })
      assert.deepStrictEqual(valuesOf(yield* member.next(1)), ["paused"])
    })
  )

  law("stopFetching ends deliveries, and commits go on", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      const group = newGroup()
      const member = yield* join(group, [topic])
      yield* publishAll([record(topic, 0, "a")])
      yield* member.next(1)
      yield* member.stopFetching
      yield* publishAll([record(topic, 0, "b")])
      yield* (yield* read(topic, 0, 1)).next(1)
      yield* member.commit([{ topic, partition: 0, offset: 1, metadata: "drained" }])
      assert.strictEqual(yield* member.waiting, 0)
      yield* member.leave
      const next = yield* join(group, [topic])
      assert.deepStrictEqual(commitsIn(yield* next.assigned()), [
        { topic, partition: 0, committed: 1, metadata: "drained" }
      ])
      assert.deepStrictEqual(valuesOf(yield* next.next(1)), ["b"])
    })
  )

  law("who leaves hands over at once, and commits no more", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const group = newGroup()
      const first = yield* join(group, [topic])
      const second = yield* join(group, [topic])
      yield* second.assigned((partitions) => partitions.length === 1)
      yield* first.leave
      yield* second.assigned((partitions) => partitions.length === 2)
      yield* first.leave
      yield* Effect.flip(first.commit([{ topic, partition: 0, offset: 9, metadata: "too late" }]))
      yield* publishAll([record(topic, 0, "0"), record(topic, 1, "1")])
      assert.deepStrictEqual(valuesOf(yield* second.next(2)).toSorted(), ["0", "1"])
      assert.strictEqual(yield* first.waiting, 0)
    })
  )

  law("a group has as many members as have joined and not left", () =>
    Effect.gen(function* () {
      const { groupSize } = yield* Transport
      const topic = yield* makeTopic(2)
      const group = newGroup()
      assert.strictEqual(yield* groupSize(group), 0)
      const first = yield* join(group, [topic])
      assert.strictEqual(yield* groupSize(group), 1)
      const second = yield* join(group, [topic])
      assert.strictEqual(yield* groupSize(group), 2)
      yield* first.leave
      yield* second.assigned((partitions) => partitions.length === 2)
      assert.strictEqual(yield* groupSize(group), 1)
      yield* second.leave
      assert.strictEqual(yield* groupSize(group), 0)
    })
  )

  law("a group cannot be joined for a topic that does not exist", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(1)
      assert.strictEqual(yield* reasonOf(join(newGroup(), [`${topic}-missing`])), "NoSuchTopic")
    })
  )
}
