import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import { statusOf } from "../../suites/requestReply/failures.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { launch, newBench, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { overMemory } from "../stuck.ts"

describe("a request that cannot be executed", () => {
  overMemory(
    "is answered without an allowance for clocks too",
    Effect.gen(function* () {
      const bench = newBench()
      yield* serve(bench, {}, { clockSkew: 0 })
      const other = RpcGroup.make(Rpc.make("Added")).annotate(Contract.Name, namesOf(bench).name)
      const { context } = yield* launch(Requester.layer([other], { topics: "create", drainTimeout: 0 }))
      const client = yield* Effect.provide(Requester.client(other), context)
      const status = yield* Effect.forkChild(statusOf(client.Added()), { startImmediately: true })
      yield* advance("6 seconds")
      assert.strictEqual(yield* Fiber.join(status), "unimplemented")
    })
  )
})
