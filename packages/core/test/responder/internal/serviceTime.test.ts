import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { ServiceTime } from "../../../src/responder/internal/serviceTime.ts"
import { int } from "../../wire/arbitraries.ts"

describe("the time that handlers take", () => {
  it.prop(
    "lies between the shortest and the longest that was seen",
    [Arbitrary.array(int(0, 10_000), { minLength: 1, maxLength: 300 })],
    ([times]) => {
      const service = new ServiceTime()
      for (const time of times) service.ended(time)
      const [shortest, longest] = [Math.min(...times), Math.max(...times)]
      assert.isAtLeast(service.mean, shortest - 1e-6)
      assert.isAtMost(service.mean, longest + 1e-6)
      assert.isAtLeast(service.least, 0)
      assert.isAtMost(service.least, service.mean)
      if (times.length < 16) assert.strictEqual(service.most, 0)
      else assert.isAtLeast(service.most, service.mean)
    }
  )

  it.prop("settles on what handlers take from now on", [int(1, 5_000), int(1, 5_000)], ([before, now]) => {
    const service = new ServiceTime()
    for (let i = 0; i < 100; i++) service.ended(before)
    for (let i = 0; i < 400; i++) service.ended(now)
    assert.closeTo(service.least, now, 0.01 * Math.max(before, now))
    assert.closeTo(service.most, now, 0.01 * Math.max(before, now))
  })

  it("covers most of what varies", () => {
    const service = new ServiceTime()
    const times = Array.from({ length: 500 }, (_, index) => 50 + ((index * 37) % 101))
    for (const time of times) service.ended(time)
    const within = times.filter((time) => time >= service.least && time <= service.most)
    assert.isAtLeast(within.length / times.length, 0.9)
  })

  it("knows nothing at first, and learns from what was stopped only that it takes longer", () => {
    const service = new ServiceTime()
    assert.deepStrictEqual([service.least, service.mean, service.most], [0, 0, 0])
    for (let i = 0; i < 100; i++) service.ended(100)
    for (let i = 0; i < 100; i++) service.stopped(10)
    assert.closeTo(service.mean, 100, 0.1)
    for (let i = 0; i < 100; i++) service.stopped(500)
    assert.isAbove(service.mean, 450)
  })

  it("has a best only after many runs, and takes the present for it when told to", () => {
    const service = new ServiceTime()
    for (let i = 0; i < 63; i++) service.ended(1)
    assert.strictEqual(service.best, Number.POSITIVE_INFINITY)
    for (let i = 0; i < 200; i++) service.ended(100)
    assert.isBelow(service.best, 75)
    service.rebase()
    assert.closeTo(service.best, 100, 1)
  })
})
