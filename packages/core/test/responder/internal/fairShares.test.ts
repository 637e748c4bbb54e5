import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { FairShares, type Shared } from "../../../src/responder/internal/fairShares.ts"
import { int } from "../../wire/arbitraries.ts"

interface One extends Shared<One> {}

const of = (share: string | undefined, cost: number): One => ({
  share,
  cost,
  readyAt: 0,
  queue: undefined,
  older: undefined,
  newer: undefined
})

describe("fair shares", () => {
  it.prop(
    "P9/shares: while all of them want places none gets more time than another by more than two runs",
    [Arbitrary.array(int(1, 100), { minLength: 2, maxLength: 6 })],
    ([costs]) => {
      const shares = new FairShares<One>()
      const used = costs.map(() => 0)
      // Those with short runs offer more of them, the first far more than it can have.
      for (const [index, cost] of costs.entries()) {
        for (let i = 0; i < 3_000 / cost + (index === 0 ? 1_000 : 0); i++) shares.add(of(String(index), cost), 0)
      }
      for (let time = 0; time < 1_500;) {
        const next = shares.take(0)!
        used[Number(next.share)]! += next.cost
        time += next.cost
        assert.isAtMost(Math.max(...used) - Math.min(...used), 2 * Math.max(...costs))
      }
    }
  )

  it("a share that was idle saves up nothing", () => {
    const shares = new FairShares<One>()
    for (let i = 0; i < 1_000; i++) shares.add(of("busy", 10), 0)
    for (let i = 0; i < 500; i++) shares.take(0)
    for (let i = 0; i < 100; i++) shares.add(of("late", 10), 0)
    const next = Array.from({ length: 100 }, () => shares.take(0)!.share)
    assert.closeTo(next.filter((share) => share === "late").length, 50, 1)
  })

  it.prop(
    "gives out all that came, however many names there are",
    [Arbitrary.array(int(0, 400), { maxLength: 600 }), int(1, 7)],
    ([names, every]) => {
      const shares = new FairShares<One>()
      const all = new Set<One>()
      for (const [index, name] of names.entries()) {
        const one = of(name === 0 ? undefined : String(name), 1 + (name % 5))
        shares.add(one, index)
        all.add(one)
        if (index % every !== 0) continue
        const [first] = all
        const gone = index % 2 === 0 ? shares.take(index)! : first!
        if (index % 2 !== 0) shares.remove(gone)
        assert.isTrue(all.delete(gone))
      }
      assert.strictEqual(shares.size, all.size)
      for (let next = shares.take(0); next !== undefined; next = shares.take(0)) assert.isTrue(all.delete(next))
      assert.strictEqual(all.size, 0)
      assert.isUndefined(shares.crowding)
    }
  )

  it("names the oldest of the share with the most that wait", () => {
    const shares = new FairShares<One>()
    const [first, ...others] = [of("many", 1), of("many", 1), of("few", 1)]
    shares.add(first!, 0)
    for (const other of others) shares.add(other, 0)
    assert.strictEqual(shares.crowding, first)
  })
})
