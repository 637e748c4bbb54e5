/**
 * A program's membership in a group: joins, fetches what it owns, gives it up when told, joins again.
 */
import type { GroupMember, JoinGroup, OffsetCommit } from "@kafka-request-reply/core/Transport"
import { because, NoSuchTopic, TransportClosed, type TransportError } from "@kafka-request-reply/core/TransportError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { Cluster } from "./Cluster.ts"
import type { Assignment, Coordinator, Membership } from "./Coordinator.ts"
import { Fetcher } from "./Fetcher.ts"
import type { Process } from "./Process.ts"

class Member implements GroupMember {
  readonly #cluster: Cluster
  readonly #process: Process
  readonly #join: JoinGroup
  readonly #coordinator: Coordinator
  readonly #membership: Membership
  readonly #fetchers = new Map<string, Fetcher>()
  readonly #joined = Deferred.makeUnsafe<void, TransportError>()
  #generation = -1
  #isFetching = true
  #isLeft = false
  #mustRejoin = false
  #onMustRejoin: (() => void) | undefined

  constructor(cluster: Cluster, process: Process, id: string, join: JoinGroup) {
    this.#cluster = cluster
    this.#process = process
    this.#join = join
    this.#coordinator = cluster.group(join.groupId)
    this.#membership = {
      id,
      host: process.name,
      topics: join.topics,
      revokeTimeoutMillis: join.revokeTimeoutMillis,
      isAlive: () => !this.#isLeft && process.isAlive(),
      onRebalance: () =>
        process.run(() => {
          this.#mustRejoin = true
          this.#onMustRejoin?.()
        })
    }
  }

  readonly joined: Effect.Effect<void, TransportError> = Deferred.await(this.#joined)

  /** Takes part in the group until it is interrupted. */
  readonly takePart: Effect.Effect<never> = Effect.suspend(() => this.#round).pipe(
    Effect.forever({ disableYield: true })
  )

  readonly #round: Effect.Effect<void> = Effect.suspend(() => {
    this.#mustRejoin = false
    return this.#rejoin
  }).pipe(
    Effect.flatMap((assignment) => {
      this.#take(assignment)
      Deferred.doneUnsafe(this.#joined, Exit.void)
      return this.#told
    }),
    Effect.flatMap(() => {
      const { onRevoking, revokeTimeoutMillis } = this.#join
      return this.#isLeft ? Effect.never : Effect.timeoutOption(onRevoking, revokeTimeoutMillis)
    }),
    Effect.flatMap(() => {
      this.#release()
      return this.#isLeft ? Effect.never : Effect.void
    })
  )

  readonly #rejoin = Effect.callback<Assignment>((resume) =>
    this.#later(() => {
      if (this.#isLeft) return
      this.#coordinator.join(this.#membership, (assignment) =>
        this.#later(() => this.#process.run(() => resume(Effect.succeed(assignment))))
      )
    })
  )

  readonly #told = Effect.callback<void>((resume) => {
    if (this.#mustRejoin) return resume(Effect.void)
    this.#onMustRejoin = () => resume(Effect.void)
  })

  readonly leave = Effect.suspend(() => {
    this.#release()
    if (this.#isLeft) return Effect.void
    this.#isLeft = true
    return Effect.callback<void>((resume) =>
      this.#later(() => {
        this.#coordinator.leave(this.#membership.id)
        this.#later(() => this.#process.run(() => resume(Effect.void)))
      })
    )
  })

  readonly stopFetching = Effect.sync(() => {
    this.#isFetching = false
    for (const fetcher of this.#fetchers.values()) fetcher.pause()
  })

  commit(offsets: ReadonlyArray<OffsetCommit>): Effect.Effect<void, TransportError> {
    return Effect.callback<void, TransportError>((resume) => {
      if (this.#isLeft) return resume(Effect.fail(because(new TransportClosed())))
      const under = this.#generation
      const answered = (error: TransportError | undefined): void => {
        if (error === undefined) return resume(Effect.void)
        this.#cluster.options.onEvent(this.#process.name, { type: "commit refused", detail: error.message })
        resume(Effect.fail(error))
      }
      this.#later(() =>
        this.#coordinator.commit(this.#membership.id, under, offsets, (error) =>
          this.#later(() => this.#process.run(() => answered(error)))
        )
      )
    })
  }

  pause({ partition, topic }: { readonly topic: string; readonly partition: number }): void {
    this.#fetchers.get(`${topic}-${partition}`)?.pause()
  }

  resume({ partition, topic }: { readonly topic: string; readonly partition: number }): void {
    this.#fetchers.get(`${topic}-${partition}`)?.resume()
  }

  leaseUntil(): number {
    return Number.POSITIVE_INFINITY
  }

  #take({ generation, partitions }: Assignment): void {
    const { broker, onEvent } = this.#cluster.options
    this.#generation = generation
    const owned = partitions.map(({ partition }) => partition)
    onEvent(this.#process.name, { type: "assigned", generation, partitions: owned })
    this.#join.onAssigned(partitions)
    if (!this.#isFetching) return
    for (const { committed, leaderEpoch, partition, topic } of partitions) {
      const options = {
        cluster: this.#cluster,
        process: this.#process,
        topic,
        partition,
        from: committed ?? broker.log({ topic, partition })?.start ?? 0,
        epoch: leaderEpoch,
        onRecords: this.#join.onRecords,
        onUndecodable: this.#join.onUndecodable,
        onLost: () => {}
      }
      this.#fetchers.set(`${topic}-${partition}`, new Fetcher(options))
    }
  }

  #release(): void {
    for (const fetcher of this.#fetchers.values()) fetcher.close()
    this.#fetchers.clear()
  }

  /** After a way through the network. */
  #later(task: () => void): void {
    this.#cluster.options.timers.after(this.#process.random.between(1, 3), task)
  }
}

export const joinGroup = Effect.fnUntraced(function* (
  cluster: Cluster,
  process: Process,
  id: string,
  join: JoinGroup
): Effect.fn.Return<GroupMember, TransportError, Scope.Scope> {
  for (const topic of join.topics) {
    if (cluster.options.broker.describe(topic) === undefined) return yield* because(new NoSuchTopic({ topic }))
  }
  const member = new Member(cluster, process, id, join)
  yield* Effect.addFinalizer(() => member.leave)
  yield* Effect.forkScoped(member.takePart)
  yield* member.joined
  // The first records may be there before whoever joined gets its turn.
  const lag = process.random.between(-8, 8)
  if (lag > 0) yield* Effect.sleep(lag)
  return {
    commit: (offsets) => member.commit(offsets),
    pause: (partition) => member.pause(partition),
    resume: (partition) => member.resume(partition),
    leaseUntil: () => member.leaseUntil(),
    stopFetching: member.stopFetching,
    leave: member.leave
  }
})
