import { assert, describe, it } from "@effect/vitest"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Contract from "../../../src/contract/Contract.ts"
import { type Operation, operationsOf } from "../../../src/contract/Operation.ts"
import { Hedging, perOperation } from "../../../src/requester/internal/hedging.ts"

const read = Rpc.make("Read").annotate(Contract.Safe, true)
const operationOf = (rpc: Rpc.Any): Operation => operationsOf(RpcGroup.make(rpc))[0]!

const answered = (hedging: Hedging, times: number, millis: number): void => {
  for (let index = 0; index < times; index++) hedging.answered(millis)
}

describe("Hedging", () => {
  it("goes by a duration as it is", () => {
    const hedging = new Hedging({ delay: "20 millis" })
    answered(hedging, 100, 5_000)
    assert.deepStrictEqual([hedging.delayMillis, hedging.maxAttempts], [20, 2])
  })

  it("knows a percentile after 32 answers, and follows it", () => {
    const hedging = new Hedging({ delay: { percentile: 95 } })
    answered(hedging, 31, 10)
    assert.strictEqual(hedging.delayMillis, Number.POSITIVE_INFINITY)
    answered(hedging, 1, 10)
    assert.approximately(hedging.delayMillis, 10.5, 0.6)
    answered(hedging, 32, 100)
    assert.approximately(hedging.delayMillis, 105, 6)
  })

  it("keeps a percentile between its limits, and waits for the longest while it is not known", () => {
    const hedging = new Hedging({ delay: { percentile: 50, min: 20, max: "40 millis" } })
    assert.strictEqual(hedging.delayMillis, 40)
    answered(hedging, 32, 1)
    assert.strictEqual(hedging.delayMillis, 20)
    answered(hedging, 320, 1_000)
    assert.strictEqual(hedging.delayMillis, 40)
  })

  it("is one for all clients of an operation, and none where there is no annotation", () => {
    const hedgingOf = perOperation()
    const hedged = read.annotate(Contract.Hedge, { delay: "20 millis" })
    assert.isUndefined(hedgingOf(operationOf(read)))
    assert.isDefined(hedgingOf(operationOf(hedged)))
    assert.strictEqual(hedgingOf(operationOf(hedged)), hedgingOf(operationOf(hedged)))
  })
})
