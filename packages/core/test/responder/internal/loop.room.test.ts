import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, launch, newContract, newName, serve } from "../../suites/requestReply/programs.ts"
import { begin, overMemory } from "../stuck.ts"

// While one is decoded the others have to wait.
const text = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transformEffect({
      decode: (text: string) => Effect.delay(Effect.succeed(text), "10 millis"),
      encode: (text: string) => Effect.succeed(text)
    })
  )
)

describe("fetching", () => {
  overMemory(
    "goes on when forked handlers have made room, not when they end",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const group = RpcGroup.make(Rpc.make("Wait", { payload: { text } })).annotate(Contract.Name, newName())
      let started = 0
      const wait = Effect.suspend(() => {
        started++
        return Deferred.await(gate)
      })
      const common = { topics: "create", partitions: 1, drainTimeout: 0 } as const
      yield* launch(
        Responder.layer(group, { ...common, concurrency: 1, maxWaiting: 1 }).pipe(
          Layer.provide(group.toLayer({ Wait: () => Rpc.fork(wait) }))
        )
      )
      const { context } = yield* launch(Requester.layer(group, common))
      const client = yield* Effect.provide(Requester.client(group), context)
      const calls = yield* Effect.forEach([1, 2, 3, 4], () => begin(client.Wait({ text: "" })))
      yield* Effect.repeat(advance("20 millis"), { times: 5 })
      assert.strictEqual(started, 4)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(calls)
    })
  )

  overMemory(
    "goes on though requests wait for ever behind a handler that neither ends nor can be interrupted",
    Effect.gen(function* () {
      const contract = newContract()
      const never = Effect.uninterruptible(Effect.never)
      const stuck = { Append: () => never, Work: ({ id }: { readonly id: string }) => Effect.succeed(id) }
      yield* serve(contract, stuck, { maxWaiting: 3 })
      const { client } = yield* connect(contract)
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], (seq) =>
        begin(client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot")))
      )
      yield* Effect.repeat(advance("10 seconds"), { times: 3 })
      // All partitions were paused, whatever they hold.
      const calls = yield* Effect.forEach(["1", "2", "3"], (id) => begin(client.Work({ id })))
      yield* advance("1 second")
      assert.deepStrictEqual(
        (yield* Effect.forEach(calls, Fiber.join)).map(({ _tag }) => _tag),
        ["Success", "Success", "Success"]
      )
    })
  )

  overMemory(
    "pauses at so many bytes of what is open, and goes on when there are half as many",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const contract = newContract()
      const started: Array<string> = []
      const work = ({ id }: { readonly id: string }) => {
        started.push(id[0]!)
        return Effect.as(Deferred.await(gate), "done")
      }
      yield* serve(contract, { Work: work }, { maxOpenBytes: 4_000, partitions: 1 })
      const { client } = yield* connect(contract)
      const ids = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(600))
      const calls = yield* Effect.forEach(ids, (id) => begin(client.Work({ id })))
      yield* advance("1 second")
      assert.deepStrictEqual(started, ["a", "b"])
      yield* Deferred.succeed(gate, undefined)
      yield* advance("1 second")
      assert.deepStrictEqual(started, ["a", "b", "c", "d", "e"])
      yield* Fiber.awaitAll(calls)
    })
  )
})
