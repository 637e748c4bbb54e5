/**
 * The end of a child process: its input closes when its parent is gone, however that happened.
 */
import * as Effect from "effect/Effect"

export const untilOrphaned: Effect.Effect<void> = Effect.callback((resume) => {
  process.stdin.on("close", () => resume(Effect.void))
  process.stdin.on("end", () => resume(Effect.void))
  process.stdin.resume()
})
