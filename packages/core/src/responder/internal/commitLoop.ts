/**
 * Commits what is done, every so often and on demand. A failed commit costs nothing but time: the next one carries the
 * same offsets, and after a rebalance they are the next owner's.
 */
import * as Effect from "effect/Effect"
import type * as Duration from "effect/Duration"
import type * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Supervised from "../../host/Supervised.ts"
import type { GroupMember } from "../../kafka/Transport.ts"
import type { PartitionCommit } from "./ownership.ts"
import type { ServeRecorder } from "./serveRecorder.ts"

/** Commits once; never fails. False when there was something to commit and it did not work. */
export const commitOf = (
  topic: string,
  member: () => GroupMember | undefined,
  pending: () => ReadonlyArray<PartitionCommit>,
  confirm: (commits: ReadonlyArray<PartitionCommit>) => void,
  recorder: ServeRecorder
): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const commits = pending()
    const current = member()
    if (commits.length === 0 || current === undefined) return Effect.succeed(true)
    const offsets = commits.map(({ leaderEpoch, metadata, offset, partition }) => ({
      topic,
      partition,
      offset,
      metadata,
      leaderEpoch
    }))
    return current.commit(offsets).pipe(
      Effect.matchEffect({
        onSuccess: () =>
          Effect.sync(() => {
            confirm(commits)
            return true
          }),
        onFailure: (error) =>
          Effect.as(Effect.logDebug(`the commit of ${offsets.length} partitions failed: ${error.message}`), false).pipe(
            Effect.tap(Effect.sync(recorder.commitFailed))
          )
      })
    )
  })

/** Commits whenever something is dirty, with a pause between commits; sleeps without a timer while nothing is. */
export const fork = (
  commit: Effect.Effect<boolean>,
  dirty: Latch.Latch,
  interval: Duration.Input
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* dirty.await
    yield* Effect.sleep(interval)
    dirty.closeUnsafe()
    if (!(yield* commit)) dirty.openUnsafe()
  }).pipe(Effect.forever({ disableYield: true }), (loop) => Supervised.fork("the responder's commits", loop))
