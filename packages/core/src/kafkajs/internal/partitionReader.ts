/**
 * Reads one partition without a consumer group (docs/adr/0002).
 *
 * Outline:
 *   1. resolve the start position once; it is fixed from then on, and only ever moves over records that were delivered
 *      or that the broker has deleted (against L4, the first-reply race)
 *   2. long poll the leader; deliver; repeat
 *   3. position outside the log → the earliest offset, never the latest
 *   4. any other failure → wait a little, fetch metadata, go on; a partition that the metadata lacks twice in a row is
 *      reported as lost, once per loss, and read from its beginning when it is back
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { PartitionReader, ReadPartition } from "../../kafka/Transport.ts"
import { because, NoSuchPartition, TransportError } from "../../kafka/TransportError.ts"
import type { ClientSettings } from "./clientSettings.ts"
import * as ClusterClient from "./clusterClient.ts"
import { fetchFrom, listOffset } from "./fetchRequest.ts"
import { Outage } from "./outage.ts"

const offsetOutOfRange = 1
// A look at the metadata of a broker that has just started may miss a topic.
const looksUntilLost = 2

/** The error that says what is missing, or undefined when the partition is in the metadata. */
const missing = (
  client: ClusterClient.ClusterClient,
  { partition, topic }: ReadPartition
): TransportError | undefined => {
  const partitions = client.metadata.partitions(topic)
  if (partitions === undefined) return client.withoutTopic(topic)
  return partition < partitions ? undefined : because(new NoSuchPartition({ topic, partition, partitions }))
}

export const readPartition = Effect.fnUntraced(function* (
  settings: ClientSettings,
  read: ReadPartition
): Effect.fn.Return<PartitionReader, TransportError, Scope.Scope> {
  const { partition, topic } = read
  const clock = yield* Clock.Clock
  const client = yield* ClusterClient.make(settings)
  const look = Effect.suspend(() => {
    client.metadata.register(topic)
    return client.refresh
  }).pipe(Effect.flatMap(() => Effect.sync(() => missing(client, read))))

  yield* client.untilStarted(Effect.flatMap(look, (error) => (error === undefined ? Effect.void : Effect.fail(error))))
  const { from } = read
  const start = typeof from === "number" ? from : yield* client.untilStarted(listOffset(client, read, from))

  let position = start
  let isLost = false
  let looksMissing = 0
  const outage = new Outage(clock, `reading ${topic}-${partition}`)

  const fetch = Effect.suspend(() =>
    fetchFrom(client, client.metadata.leaderOf(topic, partition), [{ topic, partition, position }])
  )
  const poll = Effect.gen(function* () {
    for (const { errorCode, next, records, unreadable } of yield* fetch) {
      if (errorCode === offsetOutOfRange) position = yield* listOffset(client, read, "earliest")
      else yield* client.failOnCode(errorCode, topic)
      if (errorCode !== 0) continue
      position = next
      isLost = false
      looksMissing = 0
      if (records.length > 0) read.onRecords(records)
      for (const batch of unreadable) read.onUndecodable?.(batch)
    }
    yield* outage.worked
  })

  const recover = (error: TransportError) =>
    Effect.gen(function* () {
      yield* outage.failed(error)
      const gone = yield* look
      const isGone = gone?.reason._tag === "NoSuchTopic" || gone?.reason._tag === "NoSuchPartition"
      looksMissing = isGone ? looksMissing + 1 : 0
      if (gone === undefined || !isGone || isLost || looksMissing < looksUntilLost) return
      isLost = true
      // If it comes back, its log is a new one: the old position means nothing there.
      position = 0
      read.onLost?.(gone)
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
