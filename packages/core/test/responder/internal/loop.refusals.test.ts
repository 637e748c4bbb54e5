import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { statusOf } from "../../suites/requestReply/failures.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { launch, newContract, newName, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { overMemory } from "../stuck.ts"

describe("a request that cannot be executed", () => {
  overMemory(
    "is answered without an allowance for clocks too",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, {}, { clockSkew: 0 })
      const other = RpcGroup.make(Rpc.make("Added")).annotate(Contract.Name, namesOf(contract).name)
      const { context } = yield* launch(Requester.layer(other, { topics: "create", drainTimeout: 0 }))
      const client = yield* Effect.provide(Requester.client(other), context)
      const status = yield* Effect.forkChild(statusOf(client.Added()), { startImmediately: true })
      yield* advance("6 seconds")
      assert.strictEqual(yield* Fiber.join(status), "unimplemented")
    })
  )

  overMemory(
    "is answered however much of it there would be to quote",
    Effect.gen(function* () {
      const name = newName()
      const common = { topics: "create", drainTimeout: 0 } as const
      const of = <A>(value: Schema.Codec<A, string | number>) =>
        RpcGroup.make(Rpc.make("Count", { payload: { counts: Schema.Record(Schema.String, value) } })).annotate(
          Contract.Name,
          name
        )
      const numbers = of(Schema.Int)
      const texts = of(Schema.String)
      yield* launch(Responder.layer(numbers, common).pipe(Layer.provide(numbers.toLayer({ Count: () => Effect.void }))))
      const { context } = yield* launch(Requester.layer(texts, common))
      const client = yield* Effect.provide(Requester.client(texts), context)
      // Quoted in JSON, and that once more: four bytes each, more than a record may have.
      const counts = { ['"'.repeat(440_000)]: "x" }
      const status = yield* Effect.forkChild(statusOf(client.Count({ counts })), { startImmediately: true })
      yield* advance("6 seconds")
      assert.strictEqual(yield* Fiber.join(status), "invalid")
    })
  )
})
