/**
 * Runs requests: each in a fiber of its own when its turn has come, until its time is up or somebody stops it.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import * as Sweeper from "../../host/Sweeper.ts"
import { type Answer, rejected } from "./answer.ts"
import { Condition } from "./condition.ts"
import type { OpenRequest, Stop } from "./openRequest.ts"
import { RequestLanes } from "./requestLanes.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { Times } from "./times.ts"

export interface Environment {
  readonly concurrency: number
  readonly times: Times
  readonly clock: Clock.Clock
  readonly recorder: ServeRecorder
  /** The root of a request's fiber. */
  readonly handle: (request: OpenRequest) => Effect.Effect<void>
  readonly settle: (request: OpenRequest, answer: Answer) => void
  /** What is to be said when the request's fiber itself has failed. */
  readonly died: (request: OpenRequest, cause: Cause.Cause<unknown>) => Effect.Effect<void>
  /** Nobody can be waiting for the request's reply any more, though the handler it waits for still runs. */
  readonly onOverdue: (request: OpenRequest) => void
  /** Gives a request a turn that was run without one. */
  readonly again: (request: OpenRequest) => void
  /** A request has ended: there may be room for more. */
  readonly onEnded: () => void
}

export interface Runner {
  readonly lanes: RequestLanes<OpenRequest>
  /** Runs a request when its turn comes, if that is in time. */
  readonly offer: (request: OpenRequest) => void
  /** Runs a request that needs no turn. */
  readonly start: (request: OpenRequest) => void
  /** Gives up the request's place in its lane; harmless when it has none. */
  readonly release: (request: OpenRequest) => void
  readonly running: () => number
  /** Interrupts everything that runs and waits for its end. */
  readonly abort: Effect.Effect<void>
}

export const interrupt = (request: OpenRequest, stop: Stop): void => {
  if (request.stop !== undefined) return
  request.stop = stop
  request.fiber?.interruptUnsafe()
}

// An interrupted handler ends within moments, its finalizers included; one that runs on for longer does not end for it.
const overdueMillis = 1_000

const tooLate = rejected("expired", "its time was up before its turn came")

export const make = Effect.fnUntraced(function* (
  environment: Environment
): Effect.fn.Return<Runner, never, Scope.Scope> {
  const { again, clock, died, handle, onEnded, onOverdue, recorder, settle, times } = environment
  const running = new Set<OpenRequest>()
  /** Those of them that run on though their time is up. */
  const overdue = new Set<OpenRequest>()
  const stopped = new Condition(() => running.size === 0)

  const release = (request: OpenRequest): void => {
    if (!request.isInLane) return
    request.isInLane = false
    lanes.finished(request.laneKey)
  }

  const start = (request: OpenRequest): void => {
    running.add(request)
    recorder.running(running.size)
    sweeper.wakeBy(request.runBy)
    const fork = Effect.runForkWith(request.procedure.context)
    request.fiber = fork(handle(request), { uninterruptible: true })
    request.fiber.addObserver((exit) => {
      running.delete(request)
      recorder.running(running.size)
      if (overdue.delete(request)) recorder.overdue(overdue.size)
      if (Exit.isFailure(exit) && request.stop !== "draining") fork(died(request, exit.cause))
      release(request)
      if (request.needsTurn) {
        request.needsTurn = false
        again(request)
      }
      stopped.changed()
      onEnded()
    })
  }

  /** When a request has waited for its turn long enough. */
  const refusedAt = ({ runBy, takenAt }: OpenRequest): number => Math.min(runBy, takenAt + times.maxWait)

  /** Why a request that has waited for its turn does not run after all. */
  const refusalOf = (request: OpenRequest, at: number): Answer | undefined => {
    if (at < refusedAt(request)) return undefined
    if (at < request.takenAt + times.maxWait) return tooLate
    const waited = Math.round(at - request.takenAt)
    return rejected("overloaded", `it waited ${waited} ms for its turn`, times.retryAfter)
  }

  const lanes = new RequestLanes<OpenRequest>(environment.concurrency, (request) => {
    request.isInLane = true
    const refusal = request.isSettled ? undefined : refusalOf(request, monotonicMillis(clock))
    if (!request.isSettled && refusal === undefined) return start(request)
    if (refusal !== undefined) settle(request, refusal)
    release(request)
  })

  /** When the request is overdue; infinite when it is already, and so has been given up. */
  const overdueAt = (request: OpenRequest, at: number): number => {
    if (request.replyBy > at) return request.replyBy
    onOverdue(request)
    return Number.POSITIVE_INFINITY
  }

  /** When the next of those who wait for the run is overdue. Those who are wait no longer: a run may go on for ever. */
  const waitersOverdueAt = (request: OpenRequest, at: number): number => {
    const { entry } = request
    let next = overdueAt(request, at)
    if (entry?.owner !== request) return next
    for (const waiter of entry.waiters) next = Math.min(next, overdueAt(waiter, at))
    if (entry.waiters.some(({ isSettled }) => isSettled)) {
      entry.waiters = entry.waiters.filter(({ isSettled }) => !isSettled)
    }
    return next
  }

  /** Interrupts a handler whose time is up, and says so when that does not stop it. When to look again. */
  const expire = (request: OpenRequest, at: number): number => {
    interrupt(request, "expired")
    if (at < request.runUntil + overdueMillis) return request.runUntil + overdueMillis
    if (!overdue.has(request)) {
      overdue.add(request)
      recorder.overdue(overdue.size, request.record)
    }
    return Number.POSITIVE_INFINITY
  }

  // A run that goes on, because later requests joined it or because it cannot be interrupted, holds neither its own
  // offset for longer than its request's time, nor those of requests that joined it or wait for its place.
  const sweeper = yield* Sweeper.make((at) => {
    let next = Number.POSITIVE_INFINITY
    for (const request of running) {
      if (request.runUntil > at) next = Math.min(next, request.runUntil)
      else next = Math.min(next, expire(request, at))
      next = Math.min(next, waitersOverdueAt(request, at))
    }
    let isOver = false
    for (const request of lanes.queued()) {
      const refusal = request.isSettled ? undefined : refusalOf(request, at)
      if (refusal !== undefined) settle(request, refusal)
      if (request.isSettled) isOver = true
      else next = Math.min(next, refusedAt(request))
    }
    // Nobody waits for them: behind a handler that never ends they would take the room of those who do.
    if (isOver) {
      lanes.drop(
        ({ isSettled }) => isSettled,
        ({ laneKey }) => laneKey
      )
      onEnded()
    }
    return next
  })

  const interruptAll = Effect.sync(() => {
    for (const request of running) interrupt(request, "draining")
  })
  yield* Effect.addFinalizer(() => interruptAll)

  return {
    lanes,
    offer: (request) => {
      lanes.offer(request, request.laneKey)
      // When it waits, not before: what is due already is swept inside this call.
      sweeper.wakeBy(refusedAt(request))
    },
    start,
    release,
    running: () => running.size,
    abort: Effect.andThen(interruptAll, stopped.met)
  }
})
