import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { randomBytes } from "node:crypto"
import { setTimeout as later } from "node:timers"
import { guarded } from "../../src/kernel/HostGuard.ts"

const uses: Readonly<Record<string, () => unknown>> = {
  "a timer": () => (Reflect.get(globalThis, "setTimeout") as typeof later)(() => {}, 1),
  "a timer imported by name": () => later(() => {}, 1),
  "a turn of the loop": () => setImmediate(() => {}),
  "the wall clock": () => Date.now(),
  "the wall clock as text": () => Date(),
  "the wall clock as a date": () => new Date(),
  "the clock since the start": () => process.hrtime(),
  chance: () => Math.random(),
  "bytes imported by name": () => randomBytes(8),
  "an id": () => crypto.randomUUID(),
  "a promise": () => Promise.resolve(1).then(() => {}),
  "a channel": () => new MessageChannel(),
  "an effect that waits": () => Effect.runFork(Effect.sleep("1 second")),
  "an effect that gives way": () => Effect.runFork(Effect.yieldNow)
}

describe("the guard", () => {
  it.each(Object.entries(uses))("forbids and reports %s, and only while it is closed", (_, use) => {
    const leaks: Array<string> = []
    guarded(
      () => {
        try {
          use()
        } catch {
          // An effect reports what it is forbidden in its own way.
        }
      },
      ({ stack }) => leaks.push(stack)
    )
    const count = leaks.length
    assert.isAbove(count, 0)
    assert.include(leaks[0], "HostGuard.test.ts")
    assert.isAbove(Date.now(), 0)
    assert.lengthOf(randomBytes(8), 8)
    assert.lengthOf(leaks, count)
  })

  it("lets a date that is given be made", () => {
    const made = guarded(
      () => new Date(0).toISOString(),
      () => {}
    )
    assert.strictEqual(made, "1970-01-01T00:00:00.000Z")
  })
})
