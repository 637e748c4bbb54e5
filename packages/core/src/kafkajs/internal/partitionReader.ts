/**
 * Reads one partition without a consumer group (docs/adr/0002).
 *
 * Outline:
 *   1. resolve the start position once; it is fixed from then on, and only ever moves over records that were delivered
 *      or that the broker has deleted (against L4, the first-reply race)
 *   2. long poll the leader; deliver; repeat; a leader that moves is followed in the middle of a poll
 *   3. position outside the log → the earliest offset when records were deleted, the first written since the last one
 *      read when the log was cut off behind it; told both times, and never the latest
 *   4. any other failure → wait a little, fetch metadata, go on
 *   5. a partition that is missing, or whose topic is another one under the old name, is reported as lost, once per loss,
 *      and read from its beginning
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { PartitionReader, ReadPartition } from "../../kafka/Transport.ts"
import { because, NoAnswer, NoSuchPartition, NoSuchTopic, TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type FetchedPartition, fetchFrom, listOffset } from "./fetchRequest.ts"
import { Hearing } from "./hearing.ts"
import { Outage } from "./outage.ts"
import { SkippedOffsets } from "./skippedOffsets.ts"
import { offsetOutOfRange } from "./errorCode.ts"

// Without another broker to ask: one that has just started may not know the topic yet.
const lostAfterMillis = 1_000
// Beyond what the broker may hold a fetch: then it is not heard any more.
const overdueMillis = 1_000
// Without any record that was read: the log is read again from this long ago.
const unreadMillis = 60_000

let readers = 0

/** The error that says what is missing, or undefined when the partition is in the metadata. */
const missing = ({ metadata, withoutTopic }: ClusterClient, read: ReadPartition): TransportError | undefined => {
  const { partition, topic } = read
  const partitions = metadata.partitions(topic)
  if (partitions === undefined) return withoutTopic(topic)
  return partition < partitions ? undefined : because(new NoSuchPartition({ topic, partition, partitions }))
}

export const readPartition = Effect.fnUntraced(function* (
  client: ClusterClient,
  read: ReadPartition
): Effect.fn.Return<PartitionReader, TransportError, Scope.Scope> {
  const { from, partition, topic } = read
  const { metadata } = client
  const silentMillis = client.settings.maxWaitMillis + overdueMillis
  const clock = yield* Clock.Clock
  const purpose = `fetch ${readers++}`
  yield* Effect.addFinalizer(() => Effect.sync(() => client.release(purpose)))
  const look = Effect.suspend(() => {
    metadata.register(topic)
    return client.refresh
  }).pipe(Effect.flatMap(() => Effect.sync(() => missing(client, read))))

  yield* client.untilStarted(Effect.flatMap(look, (error) => (error === undefined ? Effect.void : Effect.fail(error))))
  const start = typeof from === "number" ? from : yield* client.untilStarted(listOffset(client, read, from))

  let position = start
  let topicId = metadata.topicIdOf(topic)
  let lastRead = clock.currentTimeMillisUnsafe() - unreadMillis
  let isLost = false
  let missingSince: number | undefined
  const now = (): number => monotonicMillis(clock)
  const hearing = new Hearing(now, (silentBecause) => read.onHearing?.(silentBecause))
  const outage = new Outage(clock, `reading ${topic}-${partition}`)
  const skipped = new SkippedOffsets()

  const lose = (error: TransportError): void => {
    if (!isLost) read.onLost?.(error)
    isLost = true
  }
  /** A topic of another id under the same name: the position means nothing there. */
  const adopt = Effect.sync(() => {
    const now = metadata.topicIdOf(topic)
    if (now === undefined || now === topicId) return
    if (topicId !== undefined) {
      lose(because(new NoSuchTopic({ topic })))
      position = 0
    }
    topicId = now
  })

  const relocate = Effect.gen(function* () {
    const earliest = yield* listOffset(client, read, "earliest")
    let next = earliest
    if (position > earliest) {
      const found = yield* listOffset(client, read, lastRead)
      next = found < 0 ? yield* listOffset(client, read, "end") : found
    }
    const cause = position > earliest ? "the log was cut off (unclean election)" : "the records before it are deleted"
    yield* skipped.skipped(read, position, next, cause)
    position = next
  })

  const accept = Effect.fnUntraced(function* (fetched: FetchedPartition) {
    if (fetched.errorCode === offsetOutOfRange) return yield* relocate
    yield* client.failOnCode(fetched.errorCode, topic)
    for (const batch of fetched.unreadable) {
      yield* skipped.skipped(read, batch.firstOffset, batch.lastOffset + 1, batch.reason)
      read.onUndecodable?.(batch)
    }
    position = fetched.next
    isLost = false
    missingSince = undefined
    const last = fetched.records.at(-1)
    if (last === undefined) return
    lastRead = last.timestamp
    read.onRecords(fetched.records)
  })

  const poll = Effect.gen(function* () {
    yield* adopt
    const leader = metadata.leaderOf(topic, partition)
    const asked = topicId
    const silence = Effect.sync(() => hearing.failed(because(new NoAnswer({ detail: `broker ${leader} is silent` }))))
    const fetched = yield* Effect.raceFirst(
      fetchFrom(client, leader, purpose, [{ topic, topicId, partition, position }]).pipe(
        Effect.raceFirst(Effect.andThen(Effect.delay(silence, silentMillis), Effect.never))
      ),
      // Whoever found out: the old leader is not waited for.
      metadata
        .until(() => metadata.leaderOf(topic, partition) !== leader || metadata.topicIdOf(topic) !== asked)
        .pipe(Effect.as([]))
    )
    yield* Effect.forEach(fetched, accept, { discard: true })
    if (fetched.length === 0) return
    hearing.confirmed()
    yield* outage.worked
  })

  const recover = (error: TransportError) =>
    Effect.gen(function* () {
      hearing.failed(error)
      yield* Effect.raceFirst(outage.failed(error), metadata.change)
      const gone = yield* look
      const isGone = gone?.reason._tag === "NoSuchTopic" || gone?.reason._tag === "NoSuchPartition"
      if (gone === undefined || !isGone) {
        missingSince = undefined
        return
      }
      missingSince ??= now()
      if (now() - missingSince >= lostAfterMillis) lose(gone)
    }).pipe(Effect.ignore)

  yield* poll.pipe(
    Effect.catch(recover),
    // A defect here is a bug of the callback or of kafkajs; reading goes on with the next records all the same.
    Effect.catchCause((cause) =>
      Effect.andThen(Effect.logError(`reading ${topic}-${partition}`, cause), Effect.sleep(500))
    ),
    Effect.forever,
    Effect.forkScoped
  )
  return { start }
})
