/**
 * A member's heartbeats: how its coordinator says that it is still one, and that something else is due.
 *
 * They have a connection of their own, so they go on while a join is pending on another. Until the join phase is over the
 * coordinator then answers that the group rebalances, to members only: that renews a lease as well as any other answer.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { Committer } from "./offsetStore.ts"
import type { Coordinator } from "./coordinator.ts"

/** Why a member cannot stay as it is. */
export interface Ending {
  /** For log lines. */
  readonly reason: string
  /** Others may own the partitions already; else they are this member's until it has joined again. */
  readonly isLost: boolean
  /** The coordinator does not know the member any more. */
  readonly isForgotten: boolean
}

/** A membership of one generation, and when the join was sent that led to it, on the monotonic clock. */
interface Joined extends Committer {
  readonly since: number
}

export interface HeartbeatTimes {
  readonly intervalMillis: number
  readonly sessionTimeoutMillis: number
}

const unknownMemberId = 25
const illegalGeneration = 22
const rebalanceInProgress = 27
// That may stay without an answer one after the other.
const heartbeatsPerSession = 3
const retryMillis = 100

const kept = { isLost: false, isForgotten: false }
const lost = { isLost: true, isForgotten: false }
const endings: Readonly<Record<number, Ending>> = {
  [rebalanceInProgress]: { ...kept, reason: "the group rebalances" },
  [illegalGeneration]: { ...lost, reason: "the group went on without this member" },
  [unknownMemberId]: { reason: "the group has forgotten this member", isLost: true, isForgotten: true }
}

export class Heartbeats {
  readonly #coordinator: Coordinator
  readonly #groupId: string
  readonly #times: HeartbeatTimes
  readonly #clock: Clock.Clock

  constructor(coordinator: Coordinator, groupId: string, times: HeartbeatTimes, clock: Clock.Clock) {
    this.#coordinator = coordinator
    this.#groupId = groupId
    this.#times = times
    this.#clock = clock
  }

  /**
   * Sends them until the membership cannot stay as it is. `onAnswered` hears of each that was answered when it was sent, on
   * the monotonic clock: from then on the broker counts the session.
   */
  readonly stay = Effect.fnUntraced(function* (
    this: Heartbeats,
    joined: Joined,
    onAnswered: (sentAt: number) => void
  ): Effect.fn.Return<Ending> {
    const { intervalMillis, sessionTimeoutMillis } = this.#times
    let heard = joined.since
    let pause = intervalMillis
    while (true) {
      yield* Effect.sleep(pause)
      const sentAt = this.#now
      const code = yield* this.#send(joined)
      if (code === 0) {
        heard = sentAt
        pause = intervalMillis
        onAnswered(sentAt)
        continue
      }
      const ending = code === undefined ? undefined : endings[code]
      if (ending !== undefined) return ending
      const silent = Math.round(this.#now - heard)
      if (silent > sessionTimeoutMillis) {
        yield* Effect.logWarning(`group ${this.#groupId}: no heartbeat was answered for ${silent} ms; joining again`)
        return { ...lost, reason: `no heartbeat was answered for ${silent} ms` }
      }
      // The coordinator has moved, is loading or is gone.
      yield* this.#coordinator.forget
      pause = Math.min(retryMillis, intervalMillis)
    }
  })

  /** Sends them while a join is pending, whose answer says everything else. */
  keep(joined: Committer, onAnswered: (sentAt: number) => void): Effect.Effect<never> {
    return Effect.sleep(this.#times.intervalMillis).pipe(
      Effect.andThen(Effect.suspend(() => Effect.map(this.#sendAt(joined, this.#now), onAnswered))),
      Effect.ignore,
      Effect.forever
    )
  }

  /** When it was sent, if it was answered to a member. */
  #sendAt(joined: Committer, sentAt: number): Effect.Effect<number, void> {
    return Effect.flatMap(this.#send(joined), (code) =>
      code === 0 || code === rebalanceInProgress ? Effect.succeed(sentAt) : Effect.fail(undefined)
    )
  }

  /** The code of the answer, undefined without one. */
  #send({ generationId, memberId }: Committer): Effect.Effect<number | undefined> {
    const payload = { groupId: this.#groupId, memberId, groupGenerationId: generationId }
    const timeoutMillis = this.#times.sessionTimeoutMillis / heartbeatsPerSession
    return this.#coordinator
      .ask<{ readonly errorCode: number }>("heartbeat", "Heartbeat", payload, { timeoutMillis })
      .pipe(Effect.match({ onFailure: () => undefined, onSuccess: ({ errorCode }) => errorCode }))
  }

  get #now(): number {
    return monotonicMillis(this.#clock)
  }
}
