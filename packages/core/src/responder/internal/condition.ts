/**
 * Something to wait for that plain code brings about: "nothing is open any more".
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

export class Condition {
  readonly #isMet: () => boolean
  #waiting: Deferred.Deferred<void> | undefined

  constructor(isMet: () => boolean) {
    this.#isMet = isMet
  }

  /** To be called whenever it may have become true. */
  changed(): void {
    if (this.#waiting === undefined || !this.#isMet()) return
    Deferred.doneUnsafe(this.#waiting, Exit.void)
    this.#waiting = undefined
  }

  readonly met: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#isMet()) return Effect.void
    this.#waiting ??= Deferred.makeUnsafe<void>()
    return Deferred.await(this.#waiting)
  })

  /** Waits at most so many milliseconds; false when it was not met by then. */
  metWithin(millis: number): Effect.Effect<boolean> {
    return this.met.pipe(
      Effect.as(true),
      Effect.timeoutOrElse({ duration: Math.max(0, millis), orElse: () => Effect.succeed(false) })
    )
  }
}
