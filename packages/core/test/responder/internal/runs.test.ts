/**
 * What a run may do when its handler's turn comes more than once: middleware may run what it wraps again.
 */
import { assert, describe, it } from "@effect/vitest"
import { tick } from "../../../src/responder/internal/deadlines.ts"
import * as Claims from "../../../src/responder/internal/claims.ts"
import * as Runs from "../../../src/responder/internal/runs.ts"
import type { Ended, Request, Run } from "../../../src/responder/internal/state.ts"
import * as Step from "../../../src/responder/internal/step.ts"
import { correlationId, recordAt, requestHeaders } from "../fixtures.ts"
import { machineOf, procedureNamed } from "../machine.ts"

const done: Ended = {
  _tag: "Answered",
  answer: { outcome: "success", body: Buffer.from("1") },
  headers: [],
  isKept: true
}
const passed: Ended = { _tag: "Passed" }

/** A machine that serves `Order`, whose requests have the key `a`, and what becomes of them. */
const orders = () => {
  const machine = machineOf({}, [procedureNamed("Order", { hasPrimaryKey: true })])
  Step.assigned(machine, [{ topic: "stock.requests", partition: 0, committed: 0, metadata: "" }])
  const order = (id: number, fields: Parameters<typeof requestHeaders>[0] = {}): Run => {
    const headers = requestHeaders({ operation: "Order", key: "a", correlationId: correlationId(id), ...fields })
    Step.records(machine, [recordAt(id, { headers })], 0, 0)
    return [...machine.runs].at(-1)!
  }
  const claim = (run: Run) => Claims.claim(machine, run, Claims.claimOf(run.request), "1", 0)._tag
  const replies = (): ReadonlyArray<unknown> =>
    machine.commands
      .pending()
      .filter(([what]) => what === "reply")
      .map(([, request]) => request)
  const written = (request: Request) => Step.written(machine, [request])
  return { machine, order, claim, replies, written }
}

describe("a run whose middleware runs what it wraps again", () => {
  it("goes on for those who joined it, though its own caller has gone", () => {
    const { claim, machine, order, replies } = orders()
    const first = order(0)
    assert.strictEqual(claim(first), "Run")
    const second = order(1)
    assert.strictEqual(claim(second), "Pass")
    Runs.ended(machine, second, passed, 0)
    Step.cancelled(machine, [first.request.id], 0)
    assert.strictEqual(first.stop, undefined)
    assert.strictEqual(claim(first), "Run")
    Runs.ended(machine, first, done, 0)
    assert.deepStrictEqual(replies(), [second.request])
  })

  it("joins another run once", () => {
    const { claim, machine, order, replies } = orders()
    const first = order(0)
    assert.strictEqual(claim(first), "Run")
    const second = order(1)
    assert.strictEqual(claim(second), "Pass")
    assert.strictEqual(claim(second), "Pass")
    assert.strictEqual(second.request.newer, undefined, "it stands in the list once")
    const third = order(2)
    assert.strictEqual(claim(third), "Pass")
    Runs.ended(machine, second, passed, 0)
    Runs.ended(machine, third, passed, 0)
    Runs.ended(machine, first, done, 0)
    assert.deepStrictEqual(replies(), [first.request, second.request, third.request])
  })

  it("holds a kept answer once, until its offset is done", () => {
    const { claim, machine, order, written } = orders()
    const first = order(0)
    assert.strictEqual(claim(first), "Run")
    Runs.ended(machine, first, done, 0)
    written(first.request)
    const second = order(1)
    assert.strictEqual(claim(second), "Replay")
    assert.strictEqual(claim(second), "Replay")
    const kept = second.request.kept!
    Runs.ended(machine, second, { ...done, isKept: false }, 0)
    written(second.request)
    assert.strictEqual(kept.pins, 0)
  })
})

describe("a run that goes on for those who joined it", () => {
  const refused: Ended = { ...done, answer: { outcome: "failure", body: Buffer.from("1") }, isKept: false }

  it("is stopped when middleware has refused the last of them", () => {
    const { claim, machine, order, replies } = orders()
    const first = order(0)
    claim(first)
    const second = order(1)
    assert.strictEqual(claim(second), "Pass")
    Step.cancelled(machine, [first.request.id], 0)
    assert.strictEqual(first.stop, undefined)
    Runs.ended(machine, second, refused, 0)
    assert.deepStrictEqual([first.stop, replies()], ["cancelled", [second.request]])
  })

  it("is stopped when nobody can be listening to any of them", () => {
    const { claim, machine, order } = orders()
    const first = order(0)
    claim(first)
    const second = order(1, { deadline: 30_000, timeout: 30_000 })
    assert.strictEqual(claim(second), "Pass")
    Runs.ended(machine, second, passed, 0)
    assert.strictEqual(first.at, 30_000)
    Step.cancelled(machine, [second.request.id], 0)
    tick(machine, first.request.replyBy)
    assert.deepStrictEqual([first.request.state, first.stop], ["settled", "cancelled"])
  })
})
