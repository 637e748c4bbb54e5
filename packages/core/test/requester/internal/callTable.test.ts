import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import type { Call } from "../../../src/requester/internal/call.ts"
import { CallTable } from "../../../src/requester/internal/callTable.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"
import { pendingCall } from "../fixtures.ts"

/** The table beside a plain list of the calls in it. */
class Pair {
  readonly table = new CallTable()
  readonly all: Array<Call> = []
  pending: Array<Call> = []
  /** How often each call was handed to somebody as theirs to end. */
  readonly ended = new Map<Call, number>()

  add(deadline: number, retryAt: number, payloadBytes: number): void {
    const call = pendingCall(this.all.length + 1, { deadline, retryAt, payloadBytes })
    this.all.push(call)
    this.pending.push(call)
    this.table.add(call)
  }

  remove(which: number): void {
    const call = this.all[which % Math.max(1, this.all.length)]
    if (call === undefined) return
    const isPending = this.pending.includes(call)
    assert.strictEqual(this.table.remove(call), isPending)
    if (isPending) this.took([call])
  }

  takeDue(now: number): void {
    const due = this.table.takeDue(now)
    const expired = this.pending.filter(({ deadline }) => deadline <= now)
    assert.deepStrictEqual(due.expired, expired)
    this.took(expired)
    assert.deepStrictEqual(
      due.again,
      this.pending.filter(({ retryAt }) => retryAt <= now)
    )
    const moments = this.pending.flatMap(({ deadline, retryAt }) => [deadline, retryAt]).filter((at) => at > now)
    assert.strictEqual(due.next, Math.min(Number.POSITIVE_INFINITY, ...moments))
  }

  takeAll(): void {
    assert.deepStrictEqual(this.table.takeAll(), this.pending)
    this.took(this.pending)
  }

  took(calls: ReadonlyArray<Call>): void {
    this.pending = this.pending.filter((call) => !calls.includes(call))
    for (const call of calls) this.ended.set(call, (this.ended.get(call) ?? 0) + 1)
  }

  check(): void {
    assert.strictEqual(this.table.size, this.pending.length)
    assert.strictEqual(
      this.table.bytes,
      this.pending.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0)
    )
    for (const call of this.all) {
      assert.strictEqual(this.table.get(call.number), this.pending.includes(call) ? call : undefined)
      assert.strictEqual(this.ended.get(call) ?? 0, this.pending.includes(call) ? 0 : 1)
    }
  }
}

type Step = (pair: Pair) => void

const add = Arbitrary.map(
  Arbitrary.all([int(0, 20), oneOf(int(0, 20), Arbitrary.Constant(Number.POSITIVE_INFINITY)), elementOf([0, 1, 900])]),
  ([deadline, retryAt, payloadBytes]): Step =>
    (pair) =>
      pair.add(deadline, retryAt, payloadBytes)
)

const step = oneOf<Step>(
  add,
  add,
  Arbitrary.map(int(0, 40), (which) => (pair) => pair.remove(which)),
  Arbitrary.map(int(0, 40), (which) => (pair) => pair.remove(which)),
  Arbitrary.map(int(0, 20), (now) => (pair) => pair.takeDue(now)),
  Arbitrary.map(int(0, 9), (chance) => (pair) => {
    if (chance === 0) pair.takeAll()
  })
)

describe("CallTable", () => {
  it.prop(
    "gives each call to exactly one of those who would end it, and counts its bytes until then",
    [Arbitrary.array(step, { maxLength: 80 })],
    ([steps]) => {
      const pair = new Pair()
      for (const step of steps) {
        step(pair)
        pair.check()
      }
    },
    { arbitrary: { runs: 300 } }
  )
})
