/**
 * What a group of members does with its partitions: they stick, and a member of a version before that shares them in turn.
 */
import { assert, layer, vi } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { Kafka, logLevel } from "kafkajs"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import type { AssignedPartition } from "../../src/kafka/Transport.ts"
import { makeTopic, member } from "./fixtures.ts"

// Rebalances take seconds, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 })

const options = { brokers: sharedBrokers, clientId: "core-test" }

/** Waits until a member has as many partitions as this; gives them. */
const owning = Effect.fnUntraced(function* (
  { assignments }: { readonly assignments: Queue.Queue<ReadonlyArray<AssignedPartition>> },
  count: number
) {
  while (true) {
    const assigned = yield* Queue.take(assignments)
    if (assigned.length === count) return assigned.map(({ partition }) => partition)
  }
})

/** A member as kafkajs itself makes it, in round robin: what members of a version before are to a group. */
const oldMember = (groupId: string, topic: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const kafka = new Kafka({ clientId: "old", brokers: [...sharedBrokers], logLevel: logLevel.NOTHING })
      const consumer = kafka.consumer({ groupId, heartbeatInterval: 250 })
      await consumer.connect()
      await consumer.subscribe({ topic })
      const joined = Promise.withResolvers<ReadonlyArray<number>>()
      consumer.on("consumer.group_join", ({ payload }) => joined.resolve(payload.memberAssignment[topic] ?? []))
      await consumer.run({ eachMessage: () => Promise.resolve() })
      return { assigned: await joined.promise, consumer }
    }),
    ({ consumer }) => Effect.promise(() => consumer.disconnect())
  )

layer(KafkajsTransport.layer(options), { excludeTestServices: true, timeout: "30 seconds" })("groups", (it) => {
  it.effect("a member that stays keeps its partitions, and gives up no more than a newcomer must get", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(12)
      const group = `${topic}.group`
      const first = yield* member(group, topic)
      assert.lengthOf(yield* owning(first, 12), 12)
      const scope = yield* Scope.fork(yield* Effect.scope)
      const second = yield* Scope.provide(member(group, topic), scope)
      const before = yield* owning(first, 6)
      const third = yield* member(group, topic)
      const [ofFirst, ofSecond] = [yield* owning(first, 4), yield* owning(second, 4)]
      assert.includeMembers(before, ofFirst)
      const ofThird = yield* owning(third, 4)
      yield* Scope.close(scope, Exit.void)
      assert.includeMembers(yield* owning(first, 6), ofFirst)
      const last = yield* owning(third, 6)
      assert.includeMembers(last, ofThird)
      assert.lengthOf(new Set([...ofFirst, ...ofSecond, ...ofThird]), 12)
    })
  )

  it.effect("P6/rebalance: a member lets go of what is taken from it also while it closes", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(2)
      const group = `${topic}.group`
      const outer = yield* Effect.scope
      const scope = yield* Scope.fork(outer)
      let revoked = 0
      const onRevoking = Effect.sync(() => void revoked++)
      const first = yield* Scope.provide(member(group, topic, { onRevoking }), scope)
      yield* owning(first, 2)
      const drain = Effect.gen(function* () {
        yield* Scope.provide(member(group, topic), outer)
        yield* owning(first, 1)
      })
      yield* Scope.provide(
        Effect.addFinalizer(() => Effect.orDie(drain)),
        scope
      )
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(revoked, 1)
    })
  )

  it.effect("a group with a member of before shares in turn, and sticks when that one has left", () =>
    Effect.gen(function* () {
      const topic = yield* makeTopic(4)
      const group = `${topic}.group`
      const first = yield* member(group, topic)
      yield* owning(first, 4)
      const scope = yield* Scope.fork(yield* Effect.scope)
      const old = yield* Scope.provide(oldMember(group, topic), scope)
      const kept = yield* owning(first, 2)
      assert.sameMembers([...old.assigned, ...kept], [0, 1, 2, 3])
      yield* Scope.close(scope, Exit.void)
      yield* owning(first, 4)
      const third = yield* member(group, topic)
      const halves = [yield* owning(first, 2), yield* owning(third, 2)]
      assert.sameMembers(halves.flat(), [0, 1, 2, 3])
    })
  )
})
