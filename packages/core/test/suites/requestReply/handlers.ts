/** Handlers whose runs a test counts or holds. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/** Answers with the number of the run. */
export const counting = () => {
  const runs: Array<string> = []
  const handler = ({ id }: { readonly id: string }) => Effect.sync(() => `run ${runs.push(id)}`)
  return { runs, handler }
}

/** Runs of an id that begins with `slow` go on until `open`. */
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
