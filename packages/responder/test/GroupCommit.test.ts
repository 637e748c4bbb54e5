import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as GroupCommit from "../src/GroupCommit.ts"

/** Runs groups, remembers how large they were; a statement that throws fails its whole group. */
const recorded = Effect.gen(function* () {
  const groups: Array<number> = []
  const run = yield* GroupCommit.make(
    (all) =>
      Effect.try({
        try: () => {
          groups.push(all.length)
          return all.map((statements) => statements())
        },
        catch: (cause) => String(cause)
      }),
    (error) => error === "Error: busy"
  )
  return { groups, run }
})

const refuse = (): never => {
  throw new Error("refused")
}

const busy = (): never => {
  throw new Error("busy")
}

describe("GroupCommit", () => {
  it.effect("shares one transaction between those that come together, each with its own result", () =>
    Effect.gen(function* () {
      const { groups, run } = yield* recorded
      const numbers = Array.from({ length: 20 }, (_, i) => i)
      const results = yield* Effect.forEach(numbers, (n) => run(() => n * 2), { concurrency: "unbounded" })
      assert.deepStrictEqual(
        results,
        numbers.map((n) => n * 2)
      )
      assert.deepStrictEqual(groups, [20])
    })
  )

  it.effect("fails only the one that throws", () =>
    Effect.gen(function* () {
      const { groups, run } = yield* recorded
      const exits = yield* Effect.forEach([() => "a", refuse, () => "c"], (f) => Effect.exit(run(f)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(exits, [Exit.succeed("a"), Exit.fail("Error: refused"), Exit.succeed("c")])
      assert.deepStrictEqual(groups, [3, 1, 1, 1])
    })
  )

  it.effect("fails all at once with what would meet every one of them", () =>
    Effect.gen(function* () {
      const { groups, run } = yield* recorded
      const exits = yield* Effect.forEach([() => "a", busy, () => "c"], (f) => Effect.exit(run(f)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(exits, Array.from({ length: 3 }, () => Exit.fail("Error: busy")) as never)
      assert.deepStrictEqual(groups, [3])
    })
  )

  it.effect("does not run what was given up before its turn", () =>
    Effect.gen(function* () {
      const { groups, run } = yield* recorded
      let runs = 0
      const fiber = yield* Effect.forkChild(
        run(() => ++runs),
        { startImmediately: true }
      )
      fiber.interruptUnsafe()
      yield* Fiber.await(fiber)
      assert.strictEqual(yield* run(() => "after"), "after")
      assert.deepStrictEqual([runs, groups], [0, [1]])
    })
  )

  it.effect("keeps working after a failure", () =>
    Effect.gen(function* () {
      const { run } = yield* recorded
      for (let i = 0; i < 3; i++) assert.isTrue(Exit.isFailure(yield* Effect.exit(run(refuse))))
      assert.strictEqual(yield* run(() => 7), 7)
    })
  )
})
