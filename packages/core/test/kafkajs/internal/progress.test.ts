import { assert, describe, it } from "@effect/vitest"
import { Progress } from "../../../src/kafkajs/internal/progress.ts"

const makeProgress = () => {
  let now = 1_000
  const progress = new Progress(
    () => now,
    () => undefined
  )
  return { progress, pass: (millis: number) => void (now += millis) }
}

describe("Progress", () => {
  it("owes nothing while nothing waits", () => {
    const { pass, progress } = makeProgress()
    pass(5_000)
    assert.strictEqual(progress.owedMillis, 0)
    progress.sent(1, 0)
    pass(10)
    progress.answered(1)
    pass(5_000)
    assert.strictEqual(progress.owedMillis, 0)
  })

  it("counts from the answer before, for a broker answers in turn", () => {
    const { pass, progress } = makeProgress()
    progress.sent(1, 0)
    progress.sent(2, 0)
    pass(3_000)
    progress.answered(1)
    pass(40)
    assert.strictEqual(progress.owedMillis, 40)
  })

  it("does not count what a request may be held for, nor the quiet that was asked for", () => {
    const { pass, progress } = makeProgress()
    progress.sent(1, 500)
    pass(600)
    assert.strictEqual(progress.owedMillis, 100)
    progress.throttle(2_000)
    pass(2_000)
    assert.isAtMost(progress.owedMillis, 0)
    pass(700)
    assert.strictEqual(progress.owedMillis, 200)
  })

  it("forgets what was lost with its socket", () => {
    const { pass, progress } = makeProgress()
    progress.sent(1, 0)
    pass(900)
    progress.lost()
    assert.strictEqual(progress.owedMillis, 0)
  })
})
