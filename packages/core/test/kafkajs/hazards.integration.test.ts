/**
 * What kafkajs does to the unwary (docs/adr/0002), one test per hazard, on a broker in good health. Where the broker must
 * suffer: `outages.integration.test.ts`.
 */
import { assert, layer, vi } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as ClusterClient from "../../src/kafkajs/internal/clusterClient.ts"
import { toSettings } from "../../src/kafkajs/internal/clientSettings.ts"
import * as ProducerLink from "../../src/kafkajs/internal/producerLink.ts"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { type AssignedPartition, Transport } from "../../src/kafka/Transport.ts"
import { assignmentOf, deleteTopic, ghost, makeTopic, member, reader, record, takeUntil, text } from "./fixtures.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"

// Rebalances take seconds, and the machine may be busy.
vi.setConfig({ testTimeout: 30_000 })

const options = { brokers: sharedBrokers, clientId: "core-test" }
const withoutId = ({ leaderEpoch: _epoch, topicId: _topicId, ...rest }: AssignedPartition) => rest

layer(KafkajsTransport.layer(options), { excludeTestServices: true, timeout: "30 seconds" })(
  "kafkajs hazards",
  (it) => {
    it.effect("L3: a partition that does not exist is named, and the others of its batch are written", () =>
      Effect.gen(function* () {
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(2)
        // A broker may name the leaders of a new topic before it is ready to lead: the link, unlike this, tries once.
        for (const partition of [0, 1]) yield* publisher.publish(record(topic, partition, "first"))
        const client = yield* ClusterClient.make(toSettings(options))
        const link = yield* ProducerLink.make(client)
        assert.strictEqual(yield* link.partitions(topic), 2)
        const batches = [0, 7, 1].map((partition) => ({
          topic,
          partition,
          records: [record(topic, partition, "a")]
        }))
        const { verdicts } = yield* link.send(link.leaderOf(topic, 0), batches, 5_000)
        assert.deepStrictEqual(
          verdicts.map((verdict) => [verdict._tag, "error" in verdict ? verdict.error.reason._tag : ""]),
          [
            ["Written", ""],
            ["NotWritten", "NoSuchTopic"],
            ["Written", ""]
          ]
        )
        const error = yield* Effect.flip(publisher.publish(record(topic, 7, "b")))
        assert.strictEqual(error.reason._tag, "NoSuchPartition")
      })
    )

    it.effect("L4: what is written in the moment a reader is ready is not missed", () =>
      Effect.gen(function* () {
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        for (let round = 0; round < 20; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* publisher.publish(record(topic, 0, `before ${round}`))
              const records = yield* reader(topic, 0, "end")
              yield* publisher.publish(record(topic, 0, `after ${round}`))
              assert.strictEqual(text((yield* Queue.take(records)).value), `after ${round}`)
            })
          )
        }
      })
    )

    it.effect("L5: a commit for a partition that has moved is refused, and the new owner's stays", () =>
      Effect.gen(function* () {
        const topic = yield* makeTopic(2)
        const group = `${topic}.group`
        const first = yield* member(group, topic)
        yield* Queue.take(first.assignments)
        const committed = yield* Effect.scoped(
          Effect.gen(function* () {
            const second = yield* member(group, topic)
            const [mine] = yield* assignmentOf(second, 1)
            yield* assignmentOf(first, 1)
            yield* second.commit([{ ...mine!, offset: 5, metadata: "second" }])
            const late = yield* Effect.flip(first.commit([{ ...mine!, offset: 3, metadata: "first" }]))
            assert.strictEqual(late.reason._tag, "Unavailable")
            return mine!
          })
        )
        const again = yield* Queue.take(first.assignments)
        const { partition } = committed
        assert.deepInclude(again.map(withoutId), { topic, partition, committed: 5, metadata: "second" })
      })
    )

    it.effect("L6: what was delivered and not committed is delivered again", () =>
      Effect.gen(function* () {
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        yield* Effect.forEach([1, 2, 3], (n) => publisher.publish(record(topic, 0, `${n}`)))
        for (let round = 0; round < 2; round++) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { assignments, records } = yield* member(`${topic}.group`, topic)
              assert.deepStrictEqual((yield* Queue.take(assignments)).map(withoutId), [
                { topic, partition: 0, committed: undefined, metadata: "" }
              ])
              const taken = yield* takeUntil(records, ["1", "2", "3"])
              assert.deepStrictEqual(
                taken.map(({ offset }) => offset),
                [0, 1, 2]
              )
            })
          )
        }
      })
    )

    it.effect("H4: a missing topic does not hide the others, and is forgotten", () =>
      Effect.gen(function* () {
        const topic = yield* makeTopic(1)
        const client = yield* ClusterClient.make(toSettings(options))
        client.metadata.register("no such topic")
        client.metadata.register(`${topic}.missing`)
        client.metadata.register(topic)
        yield* client.refresh
        assert.isAtLeast(client.metadata.leaderOf(topic, 0), 0)
        assert.deepStrictEqual([...client.metadata.targets], [topic])
      })
    )

    it.effect("A4: a callback that throws ends neither a reader nor a membership", () =>
      Effect.gen(function* () {
        const { readPartition } = yield* Transport
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        const calls = { reader: 0, group: 0 }
        const survived = { reader: yield* Deferred.make<void>(), group: yield* Deferred.make<void>() }
        const callback = (who: "reader" | "group") => {
          if (calls[who]++ === 0) throw new TypeError("a bug")
          Deferred.doneUnsafe(survived[who], Exit.void)
        }
        yield* readPartition({ topic, partition: 0, from: "end", onRecords: () => callback("reader") })
        yield* member(`${topic}.group`, topic, {
          onRecords: (records) => {
            callback("group")
            return records.length
          }
        })
        const publishing = Effect.forever(Effect.delay(publisher.publish(record(topic, 0, "x")), "50 millis"))
        yield* Effect.raceFirst(
          Effect.all([Deferred.await(survived.reader), Deferred.await(survived.group)]),
          publishing
        )
      })
    )

    it.effect("A5: the interrupted first join of a group that waits for its members leaves nobody behind", () =>
      Effect.gen(function* () {
        const topic = yield* makeTopic(2)
        const group = `${topic}.group`
        const first = yield* member(group, topic)
        yield* assignmentOf(first, 2)
        yield* ghost(sharedBrokers, group, topic)
        yield* assignmentOf(first, 1)
        const [took] = yield* Effect.scoped(member(group, topic)).pipe(
          Effect.timeoutOption("1500 millis"),
          Effect.timed
        )
        // It does not wait behind its own join.
        assert.isBelow(Duration.toMillis(took), 2_700)
        // When the session of the silent one is over, and not that of the interrupted one later.
        yield* assignmentOf(first, 2).pipe(Effect.timeout("9 seconds"))
      })
    )

    it.effect(
      "P6/rebalance: what a member keeps is handed over and committed while the group waits for a dead one",
      () =>
        Effect.gen(function* () {
          const publisher = yield* publisherOverLink
          const topic = yield* makeTopic(2)
          const group = `${topic}.group`
          const first = yield* member(group, topic)
          yield* assignmentOf(first, 2)
          yield* ghost(sharedBrokers, group, topic)
          const [kept] = yield* assignmentOf(first, 1)
          const { partition } = kept!
          // Its join, and that of the third, are pending until the session of the dead one is over.
          const joining = yield* Effect.forkScoped(member(group, topic))
          yield* Effect.sleep("1 second")
          yield* publisher.publish(record(topic, partition, "meanwhile"))
          yield* takeUntil(first.records, ["meanwhile"])
          yield* first.commit([{ topic, partition, offset: 1, metadata: "meanwhile" }])
          assert.isUndefined(joining.pollUnsafe())
          assert.strictEqual(yield* Queue.size(first.assignments), 0)
          // Nobody had it meanwhile, and it did not change hands.
          const third = yield* Fiber.join(joining)
          const [theirs] = yield* assignmentOf(third, 1)
          assert.notStrictEqual(theirs?.partition, partition)
          yield* publisher.publish(record(topic, partition, "afterwards"))
          yield* takeUntil(first.records, ["afterwards"])
          assert.strictEqual(yield* Queue.size(first.assignments), 0)
        })
    )

    it.effect("A7: a member without a partition waits for one, and takes over from who leaves", () =>
      Effect.gen(function* () {
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        const first = yield* member(`${topic}.group`, topic)
        const second = yield* member(`${topic}.group`, topic)
        const isSpare = (yield* Queue.take(second.assignments)).length === 0
        const [owner, spare] = isSpare ? [first, second] : [second, first]
        yield* publisher.publish(record(topic, 0, "x"))
        yield* Queue.take(owner.records)
        yield* owner.leave
        yield* Queue.take(spare.records)
      })
    )

    it.effect("A9: a group whose topic was deleted gets the new one when it is back, from its beginning", () =>
      Effect.gen(function* () {
        const { topics } = yield* Transport
        const publisher = yield* publisherOverLink
        const topic = yield* makeTopic(1)
        const group = yield* member(`${topic}.group`, topic)
        yield* publisher.publish(record(topic, 0, "old"))
        yield* takeUntil(group.records, ["old"])
        yield* group.commit([{ topic, partition: 0, offset: 1, metadata: "" }])
        yield* Queue.take(group.assignments)
        yield* deleteTopic(sharedBrokers, topic)
        yield* assignmentOf(group, 0)
        yield* topics.create({ name: topic, partitions: 1, replicationFactor: -1, configs: {} })
        yield* publisher.publish(record(topic, 0, "new"), 10_000)
        assert.strictEqual((yield* takeUntil(group.records, ["new"]))[0]?.offset, 0)
      })
    )

    it.effect(
      "A6: a topic that was deleted is reported as lost once, and read from its beginning when it is back",
      () =>
        Effect.gen(function* () {
          const { readPartition } = yield* Transport
          const publisher = yield* publisherOverLink
          const topic = yield* makeTopic(1)
          yield* Effect.forEach([1, 2, 3], () => publisher.publish(record(topic, 0, "old")))
          const lost = yield* Queue.unbounded<string>()
          const values = yield* Queue.unbounded<string>()
          yield* readPartition({
            topic,
            partition: 0,
            from: "end",
            onRecords: (records) =>
              void Queue.offerAllUnsafe(
                values,
                records.map(({ value }) => text(value))
              ),
            onLost: (error) => void Queue.offerUnsafe(lost, error.reason._tag)
          })
          yield* deleteTopic(sharedBrokers, topic)
          assert.strictEqual(yield* Queue.take(lost), "NoSuchTopic")
          const { topics } = yield* Transport
          yield* topics.create({ name: topic, partitions: 1, replicationFactor: -1, configs: {} })
          // More than the old log had: its position would lie inside the new one.
          const all = [1, 2, 3, 4, 5, 6].map((n) => `new ${n}`)
          yield* Effect.forEach(all, (value) => publisher.publish(record(topic, 0, value), 10_000), {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual(yield* Effect.forEach(all, () => Queue.take(values)), all)
          assert.lengthOf(yield* Queue.clear(lost), 0)
        })
    )
  }
)
