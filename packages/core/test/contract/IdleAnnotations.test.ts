import { assert, describe, it } from "@effect/vitest"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Contract from "../../src/contract/Contract.ts"
import { idleAnnotationsOf, misplacedAnnotationOf } from "../../src/contract/IdleAnnotations.ts"
import { operationsOf } from "../../src/contract/Operation.ts"

const policy = { maxAttempts: 2, baseDelay: 1, maxDelay: 1 }
const work = Rpc.make("Work")
const idle = (rpc: Rpc.Any): ReadonlyArray<string> => operationsOf(RpcGroup.make(rpc)).flatMap(idleAnnotationsOf)

describe("Contract.Hedge", () => {
  it("is refused of an operation that is not Safe, also of an idempotent one", () => {
    const hedged = work.annotate(Contract.Hedge, { delay: "20 millis" })
    const refusals = [hedged, hedged.annotate(Contract.Idempotent, true), hedged.annotate(Contract.Safe, true), work]
      .flatMap((rpc) => operationsOf(RpcGroup.make(rpc)))
      .map((operation) => misplacedAnnotationOf(operation)?.slice(0, 44))
    const refused = "Contract.Hedge is for Safe operations only, "
    assert.deepStrictEqual(refusals, [refused, refused, undefined, undefined])
  })
})

describe("annotations without effect", () => {
  it("are named with the reason", () => {
    assert.deepStrictEqual(idle(work.annotate(Contract.Retry, policy)), [
      "Contract.Retry of Work has no effect: only Safe and Idempotent operations are retried"
    ])
    assert.deepStrictEqual(idle(work.annotate(Contract.Safe, true).annotate(Contract.FinalErrors, () => true)), [
      "Contract.FinalErrors of Work has no effect: its replies are not stored"
    ])
    assert.deepStrictEqual(
      idle(work.annotate(Contract.StoreReplies, false).annotate(Contract.FinalErrors, () => true)),
      ["Contract.FinalErrors of Work has no effect: its replies are not stored"]
    )
    assert.deepStrictEqual(idle(work.annotate(Contract.Safe, true).annotate(Contract.StoreReplies, true)), [
      "Contract.StoreReplies of Work has no effect: replies of Safe operations are never stored"
    ])
  })

  it("are none where they have one, or say what is so anyway", () => {
    const none = [
      work,
      work.annotate(Contract.Safe, true).annotate(Contract.Retry, policy),
      work.annotate(Contract.Idempotent, true).annotate(Contract.Retry, policy),
      work.annotate(Contract.FinalErrors, () => true),
      work.annotate(Contract.StoreReplies, false)
    ]
    assert.deepStrictEqual(none.flatMap(idle), [])
  })
})
