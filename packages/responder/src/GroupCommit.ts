/**
 * Puts the transactions of requests that are handled at the same time into one, so that the cost of a commit is shared:
 * when hundreds come together, a reservation takes a fifth of the time. Which statements, and how a transaction is run,
 * is the caller's affair.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"

interface Job<E> {
  readonly statements: () => unknown
  readonly done: Deferred.Deferred<unknown, E>
  isAbandoned: boolean
}

// Bounds the time that the event loop stands still for one group: a few milliseconds.
const groupLimit = 256

/**
 * Makes a function that runs statements in the next group. `runAll` runs a group in one transaction and returns the results
 * in order, or fails with nothing done. When a group fails, each of its members is tried alone, so that one that throws
 * does not fail the others, unless `isEverybodys` says that the error would meet all of them. Statements of a caller that
 * is interrupted before its group starts are not run.
 */
export const make = Effect.fnUntraced(function* <E>(
  runAll: (statements: ReadonlyArray<() => unknown>) => Effect.Effect<ReadonlyArray<unknown>, E>,
  isEverybodys: (error: E) => boolean
): Effect.fn.Return<<A>(statements: () => A) => Effect.Effect<A, E>, never, Scope.Scope> {
  const waiting = yield* Queue.unbounded<Job<E>>()

  const runGroup = (jobs: ReadonlyArray<Job<E>>): Effect.Effect<void> =>
    Effect.matchCauseEffect(runAll(jobs.map(({ statements }) => statements)), {
      onSuccess: (results) =>
        Effect.sync(() => jobs.forEach(({ done }, i) => Deferred.doneUnsafe(done, Exit.succeed(results[i])))),
      onFailure: (cause) =>
        jobs.length === 1 || cause.reasons.some((reason) => reason._tag === "Fail" && isEverybodys(reason.error))
          ? Effect.sync(() => jobs.forEach(({ done }) => Deferred.doneUnsafe(done, Exit.failCause(cause))))
          : Effect.forEach(jobs, (job) => runGroup([job]), { discard: true })
    })
  const next = Effect.flatMap(Queue.takeBetween(waiting, 1, groupLimit), (jobs) => {
    const wanted = jobs.filter(({ isAbandoned }) => !isAbandoned)
    return wanted.length === 0 ? Effect.void : runGroup(wanted)
  })
  yield* Effect.forkScoped(Effect.forever(next))

  return <A>(statements: () => A) =>
    Effect.suspend(() => {
      const job: Job<E> = { statements, done: Deferred.makeUnsafe(), isAbandoned: false }
      Queue.offerUnsafe(waiting, job)
      return Effect.onInterrupt(Deferred.await(job.done) as Effect.Effect<A, E>, () =>
        Effect.sync(() => {
          job.isAbandoned = true
        })
      )
    })
})
