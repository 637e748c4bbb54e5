/**
 * What a connected program costs while nothing is asked.
 */
import * as Effect from "effect/Effect"
import { processorTime } from "./StockServer.ts"

const seconds = 10

/** Percent of one processor. */
export const idle: Effect.Effect<number> = Effect.gen(function* () {
  // What starting set in motion comes to rest.
  yield* Effect.sleep("1 second")
  const before = processorTime()
  yield* Effect.sleep(`${seconds} seconds`)
  return (processorTime() - before) / (seconds * 10_000)
})
