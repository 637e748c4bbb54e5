/**
 * How many publications have no outcome yet, and who waits until there are none.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

export class Outstanding {
  #count = 0
  #waiting: Array<Deferred.Deferred<void>> = []

  get isEmpty(): boolean {
    return this.#count === 0
  }

  offered(): void {
    this.#count++
  }

  settled(count: number): void {
    this.#count -= count
    if (this.#count > 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const flush of waiting) Deferred.doneUnsafe(flush, Exit.void)
  }

  /** Ends when nothing is outstanding. */
  readonly none: Effect.Effect<void> = Effect.suspend(() => {
    if (this.isEmpty) return Effect.void
    const flush = Deferred.makeUnsafe<void>()
    this.#waiting.push(flush)
    return Deferred.await(flush)
  })
}
