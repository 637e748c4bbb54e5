import { assert, describe, it } from "@effect/vitest"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Contract from "../../src/contract/Contract.ts"
import { idleAnnotationsOf, misplacedAnnotationOf } from "../../src/contract/IdleAnnotations.ts"
import { operationsOf } from "../../src/contract/Operation.ts"

const policy = { maxAttempts: 2, baseDelay: 1, maxDelay: 1 }
const work = Rpc.make("Work")
const idle = (rpc: Rpc.Any): ReadonlyArray<string> =>
  operationsOf(RpcGroup.make(rpc)).flatMap((operation) => idleAnnotationsOf(operation))

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
    assert.deepStrictEqual(idle(work.annotate(Contract.Safe, true).annotate(Contract.Identity, () => "a")), [
      "Contract.Identity of Work has no effect: replies of Safe operations are never shared"
    ])
  })

  it("limit more than there is", () => {
    const [operation] = operationsOf(RpcGroup.make(work.annotate(Contract.Concurrency, 8)))
    assert.deepStrictEqual(idleAnnotationsOf(operation!, 8), [
      "Contract.Concurrency of Work has no effect: of all operations together 8 handlers may run"
    ])
    assert.deepStrictEqual(idleAnnotationsOf(operation!, 9), [])
    assert.deepStrictEqual(idle(work.annotate(Contract.MaxWait, "1 second").annotate(Contract.Timeout, 1_000)), [
      "Contract.MaxWait of Work has no effect: its Timeout ends sooner"
    ])
  })

  it("are none where they have one, or say what is so anyway", () => {
    const none = [
      work,
      work.annotate(Contract.Safe, true).annotate(Contract.Retry, policy),
      work.annotate(Contract.Idempotent, true).annotate(Contract.Retry, policy),
      work.annotate(Contract.FinalErrors, () => true),
      work.annotate(Contract.StoreReplies, false),
      work.annotate(Contract.Concurrency, 2).annotate(Contract.MaxWait, 999).annotate(Contract.Timeout, "1 second"),
      work.annotate(Contract.Identity, () => "a")
    ]
    assert.deepStrictEqual(none.flatMap(idle), [])
  })
})
