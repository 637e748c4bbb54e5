/** Handlers that a test lets go on. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Runs that go on until they are let. */
export const gated = Effect.fnUntraced(function* () {
  const runs: Array<string> = []
  const gate = yield* Deferred.make<void>()
  const handler = ({ id }: { readonly id: string }) =>
    Effect.suspend(() => {
      runs.push(id)
      return Effect.as(id.startsWith("slow") ? Deferred.await(gate) : Effect.void, `done ${id}`)
    })
  return { runs, handler, open: Deferred.succeed(gate, undefined) }
})
