/** Handlers that count their runs. */
import * as Effect from "effect/Effect"

/** Answers with the number of the run. */
export const counting = () => {
  const runs: Array<string> = []
  const handler = ({ id }: { readonly id: string }) => Effect.sync(() => `run ${runs.push(id)}`)
  return { runs, handler }
}
