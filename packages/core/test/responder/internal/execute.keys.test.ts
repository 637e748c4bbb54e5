import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { launch, newName } from "../../suites/requestReply/programs.ts"
import { overMemory } from "../stuck.ts"

const operation = <const Tag extends string>(tag: Tag) =>
  Rpc.make(tag, { payload: { id: Schema.String }, success: Schema.String, primaryKey: ({ id }) => id })

describe("a key", () => {
  overMemory(
    "is one of its operation, whatever both are made of",
    Effect.gen(function* () {
      const group = RpcGroup.make(operation("put"), operation("put a")).annotate(Contract.Name, newName())
      const handlers = group.toLayer({
        put: ({ id }) => Effect.succeed(`put, ${id}`),
        "put a": ({ id }) => Effect.succeed(`put a, ${id}`)
      })
      yield* launch(Responder.layer(group, { topics: "create" }).pipe(Layer.provide(handlers)))
      const { context } = yield* launch(Requester.layer(group, { topics: "create" }))
      const client = yield* Effect.provide(Requester.client(group), context)
      assert.strictEqual(yield* client.put({ id: "a b" }), "put, a b")
      assert.strictEqual(yield* client["put a"]({ id: "b" }), "put a, b")
    })
  )
})
