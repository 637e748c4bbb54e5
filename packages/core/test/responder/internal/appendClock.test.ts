import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { AppendClock, certainAge } from "../../../src/responder/internal/appendClock.ts"
import { int } from "../../wire/arbitraries.ts"

const skew = 5_000

describe("the clock that stamps records", () => {
  it.prop(
    "makes nothing older than it is, whatever the clocks differ by, and loses no more than the quickest transit",
    [int(-100_000, 100_000), Arbitrary.array(int(0, 400), { minLength: 2, maxLength: 40 })],
    ([difference, ages]) => {
      const clock = new AppendClock()
      const quickest = ages.map((_, index) => Math.min(...ages.slice(0, index + 1)))
      for (const [index, age] of ages.entries()) {
        const found = clock.ageOf(1_000_000 + index - age + difference, index)
        assert.isAtMost(found, age)
        // A hundredth of the time that passed may be taken for the clock.
        if (index > 0) assert.isAtLeast(found, age - quickest[index]! - index / 100 - 0.001)
      }
    }
  )

  it("forgets in time that the other clock was set back", () => {
    const clock = new AppendClock()
    clock.ageOf(0, 0)
    let age = Number.POSITIVE_INFINITY
    for (let at = 100; at <= 6_000; at += 100) age = clock.ageOf(at - 50, at)
    assert.strictEqual(age, 0)
  })

  it("keeps the age of a backlog for as long as it lasts", () => {
    const clock = new AppendClock()
    clock.ageOf(0, 0)
    let age = 0
    for (let at = 1_000; at <= 61_000; at += 10) age = clock.ageOf(at - 3_000, at)
    assert.isAtLeast(age, 2_300)
  })

  it("a requester's own stamp tells only what clocks cannot differ by", () => {
    assert.strictEqual(certainAge(10_000, 12_000, skew), 0)
    assert.strictEqual(certainAge(10_000, 16_000, skew), 1_000)
  })
})
