/**
 * Notes when the process's event loop stood still, which excuses what is late.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Journal } from "../Journal.ts"

const everyMillis = 50

/** Watches for ever. */
export const watchStalls = (journal: Journal): Effect.Effect<never> =>
  Effect.gen(function* () {
    let last = yield* Clock.currentTimeMillis
    for (;;) {
      yield* Effect.sleep(everyMillis)
      const now = yield* Clock.currentTimeMillis
      const millis = now - last - everyMillis
      if (millis > 50) journal.write({ type: "stall", at: last, millis })
      last = now
    }
  })
