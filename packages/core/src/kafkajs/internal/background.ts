/**
 * Starts effects from synchronous code. They end with the scope of the client.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

export class Background {
  readonly #run: (effect: Effect.Effect<unknown>) => void
  readonly #scope: Scope.Scope

  constructor(context: Context.Context<never>, scope: Scope.Scope) {
    this.#run = Effect.runForkWith(context)
    this.#scope = scope
  }

  start(effect: Effect.Effect<unknown>): void {
    this.#run(Effect.forkIn(effect, this.#scope))
  }
}
