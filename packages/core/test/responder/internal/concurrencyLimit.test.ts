import { assert, describe, it } from "@effect/vitest"
import { ConcurrencyLimit } from "../../../src/responder/internal/concurrencyLimit.ts"
import { ServiceTime } from "../../../src/responder/internal/serviceTime.ts"
import { int } from "../../wire/arbitraries.ts"

const most = 64

/** Handlers that take so long while so many run, in rounds in which all places end once. */
class Service {
  readonly limit = new ConcurrencyLimit(most)
  readonly times = new ServiceTime()
  at = 0

  round(running: number, millis: number, isFull: boolean): void {
    this.at += millis
    for (let one = 0; one < running; one++) {
      this.times.ended(millis)
      if (isFull) this.limit.full()
      if (this.limit.ended(millis, this.times.best, this.at) === "rebase") this.times.rebase()
    }
  }
}

describe("the learned limit", () => {
  it.prop(
    "P9/learned: steady load below capacity is never limited, however long handlers take",
    [int(1, most - 1), int(1, 2_000)],
    ([running, millis]) => {
      const service = new Service()
      for (let round = 0; round < 200; round++) {
        service.round(running, millis, false)
        assert.strictEqual(service.limit.value, most)
      }
    }
  )

  it.prop("nor is load above capacity whose handlers take what they always take", [int(1, 2_000)], ([millis]) => {
    const service = new Service()
    for (let round = 0; round < 300; round++) {
      service.round(service.limit.value, millis, true)
      assert.strictEqual(service.limit.value, most)
    }
  })

  it.prop(
    "finds how many do well where more of them only make all slower",
    [int(4, 24), int(30, 200)],
    ([together, millis]) => {
      const service = new Service()
      const millisOf = (running: number) => millis * Math.max(1, running / together)
      for (let round = 0; round < 100; round++) service.round(2, millis, false)
      for (let round = 0; round < 400; round++) {
        service.round(service.limit.value, millisOf(service.limit.value), true)
      }
      // Not fewer than are needed for all that can be done, and not half as many again as are too slow.
      assert.isAtLeast(service.limit.value, together)
      assert.isAtMost(service.limit.value, 3 * together)
    }
  )

  it.prop(
    "P9/learned: goes back when the number of handlers is not what makes them slow",
    [int(30, 200), int(3, 20)],
    ([millis, factor]) => {
      const service = new Service()
      for (let round = 0; round < 100; round++) service.round(most, millis, true)
      for (let round = 0; round < 200; round++) service.round(service.limit.value, millis * factor, true)
      assert.strictEqual(service.limit.value, most)
    }
  )

  it("never falls below a sixteenth, and rises again when there is nothing to do", () => {
    const service = new Service()
    for (let round = 0; round < 100; round++) service.round(2, 100, false)
    for (let round = 0; round < 400; round++) {
      service.round(service.limit.value, 100 * service.limit.value, true)
      assert.isAtLeast(service.limit.value, most / 16)
    }
    assert.isBelow(service.limit.value, most / 4)
    for (let round = 0; round < 2_000; round++) service.round(2, 100, false)
    assert.strictEqual(service.limit.value, most)
  })
})
