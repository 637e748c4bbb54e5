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
import { launch, newName } from "../../suites/requestReply/programs.ts"
import { begin, committed, overMemory } from "../stuck.ts"

const Order = Rpc.make("Order", {
  payload: { id: Schema.String },
  success: Schema.String,
  error: Schema.String,
  primaryKey: ({ id }) => id
}).annotate(Contract.isFinalError, () => {
  throw new Error("a predicate that throws")
})

describe("a contract's predicate for final errors that throws", () => {
  overMemory(
    "fails the request it was asked about, and no later one of the key",
    Effect.gen(function* () {
      const group = RpcGroup.make(Order).annotate(Contract.Name, newName())
      const common = { topics: "create", drainTimeout: 0 } as const
      let isRefused = true
      const handlers = group.toLayer({
        Order: () => Effect.suspend(() => (isRefused ? Effect.fail("no") : Effect.succeed("yes")))
      })
      yield* launch(Responder.layer(group, common).pipe(Layer.provide(handlers)))
      const { context } = yield* launch(Requester.layer([group], common))
      const client = yield* Effect.provide(Requester.client(group), context)
      assert.strictEqual(yield* statusOf(client.Order({ id: "a" })), "internal")
      isRefused = false
      const second = yield* begin(client.Order({ id: "a" }))
      yield* advance("10 seconds")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Success")
      assert.strictEqual(yield* committed(Contract.namesOf(group)!), 2)
    })
  )
})
