/**
 * A program's membership in a group: joins, fetches what it owns, gives it up when told, joins again.
 */
import type { GroupMember, JoinGroup } from "@kafka-request-reply/core/Transport"
import { because, NoSuchTopic, TransportClosed, type TransportError } from "@kafka-request-reply/core/TransportError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Cluster } from "./Cluster.ts"
import type { Assignment, Membership } from "./Coordinator.ts"
import { Fetcher } from "./Fetcher.ts"
import type { Process } from "./Process.ts"

export const joinGroup = Effect.fnUntraced(function* (
  cluster: Cluster,
  process: Process,
  id: string,
  join: JoinGroup
): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
  const { broker, onEvent, timers } = cluster.options
  const { random } = process
  const coordinator = cluster.group(join.groupId)
  const joined = Deferred.makeUnsafe<void, TransportError>()
  const fetchers = new Map<string, Fetcher>()
  let generation = -1
  let isFetching = true
  let isLeft = false
  let mustRejoin = false
  let onMustRejoin: (() => void) | undefined

  for (const topic of join.topics) {
    if (broker.describe(topic) === undefined) return yield* because(new NoSuchTopic({ topic }))
  }

  const membership: Membership = {
    id,
    host: process.name,
    topics: join.topics,
    revokeTimeoutMillis: join.revokeTimeoutMillis,
    isAlive: () => !isLeft && process.isAlive(),
    onRebalance: () =>
      process.run(() => {
        mustRejoin = true
        onMustRejoin?.()
      })
  }

  const release = (): void => {
    for (const fetcher of fetchers.values()) fetcher.close()
    fetchers.clear()
  }

  const rejoin = Effect.callback<Assignment>((resume) => {
    timers.after(random.between(1, 3), () => {
      if (isLeft) return
      coordinator.join(membership, (assignment) =>
        timers.after(random.between(1, 3), () => process.run(() => resume(Effect.succeed(assignment))))
      )
    })
  })

  const take = ({ generation: current, partitions }: Assignment): void => {
    generation = current
    onEvent(process.name, { type: "assigned", generation, partitions: partitions.map(({ partition }) => partition) })
    join.onAssigned(partitions)
    if (!isFetching) return
    for (const { committed, partition, topic } of partitions) {
      const options = {
        cluster,
        process,
        topic,
        partition,
        from: committed ?? broker.log({ topic, partition })?.start ?? 0,
        onRecords: join.onRecords,
        onLost: () => {}
      }
      fetchers.set(`${topic}-${partition}`, new Fetcher(options))
    }
  }

  const told = Effect.callback<void>((resume) => {
    if (mustRejoin) return resume(Effect.void)
    onMustRejoin = () => resume(Effect.void)
  })

  const leave = Effect.suspend(() => {
    release()
    if (isLeft) return Effect.void
    isLeft = true
    return Effect.callback<void>((resume) => {
      timers.after(random.between(1, 3), () => {
        coordinator.leave(id)
        timers.after(random.between(1, 3), () => process.run(() => resume(Effect.void)))
      })
    })
  })

  yield* Effect.addFinalizer(() => leave)
  yield* Effect.gen(function* () {
    mustRejoin = false
    take(yield* rejoin)
    Deferred.doneUnsafe(joined, Exit.void)
    yield* told
    if (isLeft) return yield* Effect.never
    yield* Effect.timeoutOption(join.onRevoking, join.revokeTimeoutMillis)
    release()
    if (isLeft) return yield* Effect.never
  }).pipe(Effect.forever({ disableYield: true }), Effect.forkScoped)
  yield* Deferred.await(joined)
  // The first records may be there before whoever joined gets its turn.
  const lag = random.between(-8, 8)
  if (lag > 0) yield* Effect.sleep(lag)

  return {
    commit: (offsets) =>
      Effect.callback<void, TransportError>((resume) => {
        if (isLeft) return resume(Effect.fail(because(new TransportClosed())))
        const under = generation
        timers.after(random.between(1, 3), () =>
          coordinator.commit(id, under, offsets, (error) =>
            timers.after(random.between(1, 3), () =>
              process.run(() => {
                if (error === undefined) return resume(Effect.void)
                onEvent(process.name, { type: "commit refused", detail: error.message })
                resume(Effect.fail(error))
              })
            )
          )
        )
      }),
    pause: ({ partition, topic }) => fetchers.get(`${topic}-${partition}`)?.pause(),
    resume: ({ partition, topic }) => fetchers.get(`${topic}-${partition}`)?.resume(),
    leaseUntil: () => Number.POSITIVE_INFINITY,
    stopFetching: Effect.sync(() => {
      isFetching = false
      for (const fetcher of fetchers.values()) fetcher.pause()
    }),
    leave
  }
})
