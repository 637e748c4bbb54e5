import { assert, describe, it } from "@effect/vitest"
import { RefreshSchedule } from "../../../src/publisher/internal/refreshSchedule.ts"

const limits = { min: 50, max: 250 }

/** Makes the look that is due. */
const look = (schedule: RefreshSchedule, isSoon = false): number => {
  const at = schedule.dueAt
  schedule.begin()
  schedule.end(at, isSoon)
  return at
}

describe("RefreshSchedule", () => {
  it("looks at once for who comes first or long after the last look", () => {
    const schedule = new RefreshSchedule(limits)
    schedule.want(1_000)
    assert.strictEqual(look(schedule), 1_000)
    schedule.want(1_300)
    assert.strictEqual(look(schedule), 1_300)
  })

  it("looks ever less often while it does not help, however often it is wanted", () => {
    const schedule = new RefreshSchedule(limits)
    const looks: Array<number> = []
    for (let now = 0; now < 1_000; now++) {
      schedule.want(now)
      if (schedule.dueAt <= now) looks.push(look(schedule))
    }
    assert.deepStrictEqual(looks, [0, 50, 150, 350, 600, 850])
  })

  it("looks at once again for who comes after a look that has helped everybody", () => {
    const schedule = new RefreshSchedule(limits)
    for (const now of [0, 20, 40]) {
      schedule.want(now)
      assert.strictEqual(schedule.dueAt, now)
      schedule.begin()
      schedule.helped()
      schedule.end(now, false)
    }
    schedule.want(41)
    assert.strictEqual(schedule.dueAt, 50)
  })

  it("looks again soon for who came during a look, and not without a wish", () => {
    const schedule = new RefreshSchedule(limits)
    schedule.want(0)
    look(schedule, true)
    assert.strictEqual(schedule.dueAt, 10)
    look(schedule)
    assert.strictEqual(schedule.dueAt, Number.POSITIVE_INFINITY)
  })

  it("remembers a wish that came during a look", () => {
    const schedule = new RefreshSchedule(limits)
    schedule.want(0)
    schedule.begin()
    schedule.want(5)
    schedule.end(20, false)
    assert.strictEqual(schedule.dueAt, 70)
  })
})
