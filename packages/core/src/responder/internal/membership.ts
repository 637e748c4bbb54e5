/**
 * This instance as a member of the contract's group: what happens to the work when the group rebalances, when the
 * responder closes, and when its bookkeeping is found broken.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import * as Supervised from "../../host/Supervised.ts"
import type { GroupMember, Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import * as CommitLoop from "./commitLoop.ts"
import type { Loop } from "./loop.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { Times } from "./times.ts"

export interface MembershipDependencies {
  readonly transport: Pick<Transport["Service"], "joinGroup">
  readonly groupId: string
  readonly topic: string
  readonly times: Times
  readonly clock: Clock.Clock
  readonly loop: Loop
  readonly recorder: ServeRecorder
  /** Opened when something new can be committed. */
  readonly dirty: Latch.Latch
}

export interface Membership {
  /** Fetches a partition again. */
  readonly resume: (partition: number) => void
  /** Until when the partitions are certainly this member's, monotonic milliseconds. */
  readonly leaseUntil: () => number
  /** Leaves the group at once: others take over. */
  readonly abandon: Effect.Effect<void>
}

// What closing grants each step however little time is left: an answer of a healthy broker takes milliseconds.
const leastMillis = 1_000

/** Waits for the end of an effect that may not be interruptible, at most so long. */
const endsWithin = <A>(effect: Effect.Effect<A>, millis: number): Effect.Effect<void> =>
  Effect.forkDetach(effect, { startImmediately: true }).pipe(
    Effect.flatMap((fiber) =>
      Fiber.await(fiber).pipe(Effect.timeoutOption(millis), Effect.andThen(Effect.sync(() => fiber.interruptUnsafe())))
    )
  )

/** Joins the group; leaves it, with the work in hand finished as far as there is time, when the scope closes. */
export const join = Effect.fnUntraced(function* (
  environment: MembershipDependencies
): Effect.fn.Return<Membership, TransportError, Scope.Scope> {
  const { clock, dirty, groupId, loop, recorder, times, topic, transport } = environment
  let member: GroupMember | undefined
  /** Partitions with room again before the member was known. */
  const early: Array<number> = []
  // One at a time: an older commit that comes late would take the offsets back.
  const one = yield* Semaphore.make(1)
  const commit = one.withPermits(1)(
    CommitLoop.commitOf(
      topic,
      () => member,
      () => loop.commits(),
      (commits) => loop.confirm(commits),
      recorder
    )
  )
  const resume = (partition: number): void => {
    if (member === undefined) early.push(partition)
    else member.resume({ topic, partition })
  }
  // Known to the commits as soon as it is there, and to nobody once it has left.
  const joined = yield* transport.joinGroup({
    groupId,
    topics: [topic],
    onAssigned: (partitions) => loop.assigned(partitions),
    onRecords: (records) => loop.records(records),
    onUndecodable: (batch) => loop.undecodable(batch),
    onRevoking: Effect.sync(() => loop.hold()).pipe(
      Effect.andThen(loop.idleWithin(times.quiesceTimeout)),
      Effect.andThen(commit)
    ),
    // Room for the commit after the handlers.
    revokeTimeoutMillis: times.quiesceTimeout + 1_000
  })
  member = joined
  for (const partition of early.splice(0)) resume(partition)
  yield* CommitLoop.fork(commit, dirty, times.commitInterval)

  const drain = Effect.gen(function* () {
    const closesAt = monotonicMillis(clock) + times.drainTimeout
    const left = () => closesAt - monotonicMillis(clock)
    const inTime = <A>(effect: Effect.Effect<A>) => endsWithin(effect, Math.max(leastMillis, left()))
    yield* inTime(joined.stopFetching)
    loop.hold(true)
    yield* loop.idleWithin(Math.min(times.quiesceTimeout, times.drainTimeout))
    yield* inTime(commit)
    yield* inTime(joined.leave)
    // What ends now is the next owner's to do again: a commit of ours would be tried, and fail, until we have closed.
    member = undefined
    if (yield* loop.idleWithin(left())) return
    const running = loop.machine.runs.size
    if (running > 0) yield* Effect.logWarning(`${running} handlers are interrupted: drainTimeout is over`)
    yield* loop.abort.pipe(Effect.timeoutOption(Duration.seconds(1)))
  })
  yield* Effect.addFinalizer(() => drain)
  return { resume, leaseUntil: joined.leaseUntil, abandon: joined.leave }
})

/** Leaves the group when the bookkeeping breaks: the responder ends, and says why. */
export const leaveWhenBroken = (
  broken: Effect.Effect<string>,
  membership: Membership
): Effect.Effect<void, never, Scope.Scope> =>
  Supervised.fork(
    "the responder's watch over its bookkeeping",
    Effect.flatMap(broken, (why) =>
      Effect.andThen(Effect.logFatal(why), Effect.andThen(membership.abandon, Effect.never))
    )
  )
