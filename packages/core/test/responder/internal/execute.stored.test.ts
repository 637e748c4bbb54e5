import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Contract from "../../../src/contract/Contract.ts"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, launch, newContract, newName, serve } from "../../suites/requestReply/programs.ts"
import { namesOf, replyIn, watch } from "../../suites/requestReply/topics.ts"
import { begin, overMemory } from "../stuck.ts"

// Encoding takes a tenth of a second, decoding no time.
const slow = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transformEffect({
      decode: (text: string) => Effect.succeed(text),
      encode: (text: string) => Effect.delay(Effect.succeed(text), "100 millis")
    })
  )
)

describe("a kept answer", () => {
  overMemory(
    "has the headers of the first one, whatever a fiber that outlives the handler adds",
    Effect.gen(function* () {
      const contract = newContract()
      const late = ReplyHeaders.add("x-late", "1").pipe(Effect.delay("1 second"), Effect.forkDetach)
      yield* serve(contract, {
        Order: ({ id }) => Effect.as(Effect.andThen(ReplyHeaders.add("x-early", "1"), late), id)
      })
      const { client } = yield* connect(contract)
      yield* client.Order({ id: "a", amount: 1 })
      yield* advance("2 seconds")
      yield* client.Order({ id: "a", amount: 1 })
      const replies = yield* watch(namesOf(contract).replies)
      yield* advance("1 second")
      assert.deepStrictEqual(
        replies.map((reply) => replyIn(reply).replyHeaders.map(([name]) => name)),
        [["x-early"], ["x-early"]]
      )
    })
  )

  overMemory(
    "goes when it is old, though a caller left while its request was compared",
    Effect.gen(function* () {
      let runs = 0
      const group = RpcGroup.make(
        Rpc.make("Order", { payload: { id: slow }, success: Schema.Int, primaryKey: ({ id }) => id })
      ).annotate(Contract.Name, newName())
      const common = { topics: "create", drainTimeout: 0 } as const
      yield* launch(
        Responder.layer(group, { ...common, dedupeAge: "1 second" }).pipe(
          Layer.provide(group.toLayer({ Order: () => Effect.sync(() => ++runs) }))
        )
      )
      const { context } = yield* launch(Requester.layer(group, common))
      const client = yield* Effect.provide(Requester.client(group), context)
      const ask = Effect.gen(function* () {
        const call = yield* begin(client.Order({ id: "a" }))
        yield* Effect.repeat(advance("100 millis"), { times: 3 })
        return yield* Fiber.join(call)
      })
      yield* ask
      const leaving = yield* begin(client.Order({ id: "a" }))
      yield* advance("100 millis")
      yield* advance("50 millis")
      yield* Fiber.interrupt(leaving)
      yield* advance("5 seconds")
      yield* ask
      assert.strictEqual(runs, 2)
    })
  )
})
