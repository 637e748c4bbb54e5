/**
 * A member's heartbeats: the coordinator's answers say whether the membership holds, and when the member has to join again.
 *
 * They have a separate connection, so they continue while a join is pending. During the join phase the coordinator answers
 * that the group rebalances; it gives this answer to members only, so it renews a lease like a success.
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
  /** Other members may own the partitions already; otherwise this member keeps them until it has joined again. */
  readonly isLost: boolean
  /** The coordinator does not know the member any more. */
  readonly isForgotten: boolean
}

/** A membership of one generation, and when its join was sent, on the monotonic clock. */
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
// This many heartbeats in a row may stay unanswered before the session ends.
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
   * Sends heartbeats until the membership has to change. `onAnswered` is called for each answered heartbeat with the time at
   * which it was sent, on the monotonic clock: the broker counts the session from then on, or later.
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

  /** Sends heartbeats while a join is pending. Ignores their failures: the join's answer reports them. */
  keep(joined: Committer, onAnswered: (sentAt: number) => void): Effect.Effect<never> {
    return Effect.sleep(this.#times.intervalMillis).pipe(
      Effect.andThen(Effect.suspend(() => Effect.map(this.#sendAt(joined, this.#now), onAnswered))),
      Effect.ignore,
      Effect.forever
    )
  }

  /** When it was sent; fails unless the answer shows that the member still belongs to the group. */
  #sendAt(joined: Committer, sentAt: number): Effect.Effect<number, void> {
    return Effect.flatMap(this.#send(joined), (code) =>
      code === 0 || code === rebalanceInProgress ? Effect.succeed(sentAt) : Effect.fail(undefined)
    )
  }

  /** The error code of the answer; undefined when there was no answer. */
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
