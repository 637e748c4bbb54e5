/**
 * Reads one partition without a consumer group (docs/adr/0002).
 *
 * Outline:
 *   1. resolve the start position once; from then on the position moves only over records that were delivered or that the
 *      broker has deleted (against L4, the first-reply race)
 *   2. long poll the leader, deliver, repeat; when the leader moves during a poll, poll the new one
 *   3. the position is outside the log: go on at the earliest offset when records were deleted, or at the first record written
 *      since the last one read when the log was cut off; report it both times, and never skip to the end
 *   4. any other failure: wait a little, fetch metadata, go on
 *   5. the partition is missing, or its topic was deleted and created again: report it as lost, once per loss, and read it
 *      from its beginning
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { PartitionReader, ReadPartition } from "../../kafka/Transport.ts"
import { because, NoAnswer, NoSuchPartition, NoSuchTopic, type TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { offsetOutOfRange } from "./errorCode.ts"
import { type FetchedPartition, fetchFrom, listOffset } from "./fetchRequest.ts"
import { Hearing } from "./hearing.ts"
import { Outage } from "./outage.ts"
import { PartitionLoss } from "./partitionLoss.ts"
import { SkippedOffsets } from "./skippedOffsets.ts"

// A fetch that takes this much longer than the broker may hold it counts as silence.
const overdueMillis = 1_000
// When the log is cut off before any record was read, it is read again from this long before the reader began.
const unreadMillis = 60_000

let readers = 0

class Reader {
  readonly #client: ClusterClient
  readonly #read: ReadPartition
  readonly #name: string
  /** Of the connections. */
  readonly #purpose = `fetch ${readers++}`
  readonly #hearing: Hearing
  readonly #outage: Outage
  readonly #loss: PartitionLoss
  readonly #skipped = new SkippedOffsets()
  /** The next offset wanted. */
  #position = 0
  /** Of the topic that the position belongs to; undefined when it is not known. */
  #topicId: string | undefined
  /** When the last record that was read was written, in epoch milliseconds. */
  #lastRead: number

  constructor(client: ClusterClient, read: ReadPartition, clock: Clock.Clock) {
    const now = () => monotonicMillis(clock)
    this.#client = client
    this.#read = read
    this.#name = `reading ${read.topic}-${read.partition}`
    this.#hearing = new Hearing(now, (silentBecause) => read.onHearing?.(silentBecause))
    this.#outage = new Outage(clock, this.#name)
    this.#loss = new PartitionLoss(now, (error) => read.onLost?.(error))
    this.#lastRead = clock.currentTimeMillisUnsafe() - unreadMillis
  }

  /** Resolves the start position, and gives it. Fails when the partition does not exist. */
  readonly start = Effect.fnUntraced(function* (this: Reader): Effect.fn.Return<number, TransportError> {
    const { from, topic } = this.#read
    const client = this.#client
    yield* client.untilStarted(
      Effect.flatMap(this.#look, (error) => (error === undefined ? Effect.void : Effect.fail(error)))
    )
    const start = typeof from === "number" ? from : yield* client.untilStarted(listOffset(client, this.#read, from))
    this.#position = start
    this.#topicId = client.metadata.topicIdOf(topic)
    return start
  })

  /** Reads for ever. */
  get run(): Effect.Effect<never> {
    return this.#poll.pipe(
      Effect.catch((error) => this.#recover(error)),
      // A defect is a bug of the callback or of kafkajs; the reader goes on with the next records.
      Effect.catchCause((cause) => Effect.andThen(Effect.logError(this.#name, cause), Effect.sleep(500))),
      Effect.forever
    )
  }

  /** Ends the connections. */
  release(): void {
    this.#client.release(this.#purpose)
  }

  /** Fetches metadata; the error that says what is missing, or undefined when the partition is there. */
  get #look(): Effect.Effect<TransportError | undefined, TransportError> {
    const { metadata } = this.#client
    return Effect.suspend(() => {
      metadata.register(this.#read.topic)
      return this.#client.refresh
    }).pipe(
      Effect.map(() => {
        const { partition, topic } = this.#read
        const partitions = metadata.partitions(topic)
        if (partitions === undefined) return this.#client.withoutTopic(topic)
        return partition < partitions ? undefined : because(new NoSuchPartition({ topic, partition, partitions }))
      })
    )
  }

  get #poll(): Effect.Effect<void, TransportError> {
    return Effect.gen({ self: this }, function* () {
      const fetched = yield* this.#fetch()
      for (const partition of fetched) yield* this.#accept(partition)
      if (fetched.length === 0) return
      this.#hearing.confirmed()
      yield* this.#outage.worked
    })
  }

  /** The leader's answer; nothing when the leader or the topic changed before it came. */
  #fetch(): Effect.Effect<ReadonlyArray<FetchedPartition>, TransportError> {
    return Effect.suspend(() => {
      this.#adopt()
      const { metadata, settings } = this.#client
      const { partition, topic } = this.#read
      const leader = metadata.leaderOf(topic, partition)
      const topicId = this.#topicId
      const silence = because(new NoAnswer({ detail: `broker ${leader} is silent` }))
      const reportSilence = Effect.sync(() => this.#hearing.failed(silence))
      const isStale = () => metadata.leaderOf(topic, partition) !== leader || metadata.topicIdOf(topic) !== topicId
      return fetchFrom(this.#client, leader, this.#purpose, [
        { topic, topicId, partition, position: this.#position }
      ]).pipe(
        Effect.raceFirst(
          Effect.andThen(Effect.delay(reportSilence, settings.maxWaitMillis + overdueMillis), Effect.never)
        ),
        // The old leader's answer is of no use any more.
        Effect.raceFirst(Effect.as(metadata.until(isStale), []))
      )
    })
  }

  /** When the topic was deleted and created again, the position means nothing in the new one. */
  #adopt(): void {
    const { topic } = this.#read
    const topicId = this.#client.metadata.topicIdOf(topic)
    if (topicId === undefined || topicId === this.#topicId) return
    if (this.#topicId !== undefined) {
      this.#loss.lost(because(new NoSuchTopic({ topic })))
      this.#position = 0
    }
    this.#topicId = topicId
  }

  readonly #accept = Effect.fnUntraced(function* (
    this: Reader,
    fetched: FetchedPartition
  ): Effect.fn.Return<void, TransportError> {
    const read = this.#read
    if (fetched.errorCode === offsetOutOfRange) return yield* this.#relocate()
    yield* this.#client.failOnCode(fetched.errorCode, read.topic)
    for (const batch of fetched.unreadable) {
      yield* this.#skipped.skipped(read, batch.firstOffset, batch.lastOffset + 1, batch.reason)
      read.onUndecodable?.(batch)
    }
    this.#position = fetched.next
    this.#loss.read()
    const last = fetched.records.at(-1)
    if (last === undefined) return
    this.#lastRead = last.timestamp
    read.onRecords(fetched.records)
  })

  /** Finds the position to go on at when the present one is outside the log. */
  readonly #relocate = Effect.fnUntraced(function* (this: Reader): Effect.fn.Return<void, TransportError> {
    const client = this.#client
    const read = this.#read
    const position = this.#position
    const earliest = yield* listOffset(client, read, "earliest")
    let next = earliest
    if (position > earliest) {
      const found = yield* listOffset(client, read, this.#lastRead)
      next = found < 0 ? yield* listOffset(client, read, "end") : found
    }
    const cause = position > earliest ? "the log was cut off (unclean election)" : "the records before it are deleted"
    yield* this.#skipped.skipped(read, position, next, cause)
    this.#position = next
  })

  /** Waits a little, or until the metadata changes, and looks whether the partition still exists. */
  #recover(error: TransportError): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.#hearing.failed(error)
      yield* Effect.raceFirst(this.#outage.failed(error), this.#client.metadata.change)
      const gone = yield* this.#look
      if (gone?.reason._tag === "NoSuchTopic" || gone?.reason._tag === "NoSuchPartition") this.#loss.missing(gone)
      else this.#loss.present()
    }).pipe(Effect.ignore)
  }
}

export const readPartition = Effect.fnUntraced(function* (
  client: ClusterClient,
  read: ReadPartition
): Effect.fn.Return<PartitionReader, TransportError, Scope.Scope> {
  const reader = new Reader(client, read, yield* Clock.Clock)
  yield* Effect.addFinalizer(() => Effect.sync(() => reader.release()))
  const start = yield* reader.start()
  yield* Effect.forkScoped(reader.run)
  return { start }
})
