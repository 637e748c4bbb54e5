import { assert, describe, it } from "@effect/vitest"
import { recordAt, requestHeaders } from "../fixtures.ts"
import { machineOf } from "../machine.ts"
import * as Step from "../../../src/responder/internal/step.ts"

const assignment = [{ topic: "stock.requests", partition: 0, committed: 0, metadata: "" }]

describe("a responder whose group rebalances", () => {
  it.each([
    ["takes records of its next assignment", false, 1],
    ["takes none any more when it is closing", true, 0]
  ] as const)("%s", (_, isForGood, taken) => {
    const machine = machineOf()
    Step.assigned(machine, assignment)
    Step.hold(machine, isForGood)
    // Its drain may hold the group for a while, and the group may give it partitions meanwhile.
    Step.hold(machine, false)
    Step.assigned(machine, assignment)
    assert.strictEqual(Step.records(machine, [recordAt(0, { headers: requestHeaders() })], 0, 0), taken)
  })
})
