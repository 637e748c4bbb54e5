import { assert, describe, it } from "@effect/vitest"
import { machineOf } from "../machine.ts"
import * as Step from "../../../src/responder/internal/step.ts"

const batch = {
  topic: "stock.requests",
  partition: 0,
  firstOffset: 3,
  lastOffset: 12,
  timestamp: 1,
  reason: "its compression is not known",
  bytes: Uint8Array.of(1, 2, 3)
}

const assignment = [{ topic: batch.topic, partition: 0, committed: 3, metadata: "" }]

const serve = (deadLetterTopic: string | undefined) => {
  const machine = machineOf({ deadLetterTopic })
  Step.assigned(machine, assignment)
  return { machine, committed: () => machine.ownership.commits()[0]?.offset }
}

describe("P10: a batch that cannot be read", () => {
  it("is passed when its bytes are kept as a dead letter, not before", () => {
    const { committed, machine } = serve("dead")
    assert.isTrue(Step.undecodable(machine, batch, 0))
    assert.deepStrictEqual(
      machine.commands.pending().map(([what]) => what),
      ["refused", "deadLetter"]
    )
    const [taken] = machine.fresh
    assert.deepStrictEqual([taken!.record.offset, taken!.record.value], [3, batch.bytes])
    assert.notStrictEqual(committed(), 13)
    Step.written(machine, [taken!])
    assert.strictEqual(committed(), 13)
  })

  it("gets one dead letter, though it is delivered again while that is on its way", () => {
    const { committed, machine } = serve("dead")
    Step.undecodable(machine, batch, 0)
    const [taken] = machine.fresh
    Step.hold(machine, false)
    Step.assigned(machine, assignment)
    assert.isTrue(Step.undecodable(machine, batch, 0))
    const letters = machine.commands.pending().filter(([what]) => what === "deadLetter")
    assert.deepStrictEqual(letters, [["deadLetter", taken]])
    Step.written(machine, [taken!])
    assert.deepStrictEqual([committed(), machine.ownership.open], [13, 0])
  })

  it("is passed at once where dead letters are not kept, and left where the responder takes nothing more", () => {
    const { committed, machine } = serve(undefined)
    Step.hold(machine, false)
    assert.isFalse(Step.undecodable(machine, batch, 0))
    Step.assigned(machine, assignment)
    assert.isTrue(Step.undecodable(machine, batch, 0))
    assert.strictEqual(committed(), 13)
  })
})
