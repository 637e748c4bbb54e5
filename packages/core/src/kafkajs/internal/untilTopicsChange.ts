/**
 * Waits until topics have more partitions, are deleted, or were deleted and created again.
 *
 * A group assigns the partitions that were known when it was formed. A change needs a rebalance, and only a member can start
 * one. The change must last for some seconds, because a broker that has just started may not know a topic yet.
 */
import * as Effect from "effect/Effect"
import type { ClusterClient } from "./clusterClient.ts"

const checkSeconds = 20
const missingCheckSeconds = 2
const secondsOfChange = 2

/** Gives the reason, for log lines. */
export const untilTopicsChange = Effect.fnUntraced(function* (
  client: ClusterClient,
  topics: ReadonlyArray<string>
): Effect.fn.Return<string> {
  const { metadata } = client
  const shape = () =>
    topics.map((topic) => `${metadata.partitions(topic) ?? "missing"} ${metadata.topicIdOf(topic)}`).join()
  const look = Effect.suspend(() => {
    for (const topic of topics) metadata.register(topic)
    return Effect.ignore(client.refresh)
  })
  const before = shape()
  const every = before.includes("missing") ? missingCheckSeconds : checkSeconds
  let changed = 0
  for (let second = 1; changed < secondsOfChange; second++) {
    yield* Effect.sleep("1 second")
    // After a first sign of change, look every second until it is certain.
    if (second % every === 0 || changed > 0) yield* look
    changed = shape() === before ? 0 : changed + 1
  }
  return "the topics have changed"
})
