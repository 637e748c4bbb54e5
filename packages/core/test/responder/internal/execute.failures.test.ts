import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { statusOf } from "../../suites/requestReply/failures.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, launch, newContract, newName, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

const Order = Rpc.make("Order", {
  payload: { id: Schema.String },
  success: Schema.String,
  error: Schema.String,
  primaryKey: ({ id }) => id
}).annotate(Contract.FinalErrors, () => {
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
      const { context } = yield* launch(Requester.layer(group, common))
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

describe("a handler that returns no effect", () => {
  overMemory(
    "fails all who wait for its run and no later request of the key, and is logged",
    Effect.gen(function* () {
      const contract = newContract()
      const logged: Array<string> = []
      const logger = Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${String(cause)}`))
      let isWrong = true
      yield* serve(contract, {
        // As a function without types may do it: the promise comes where the next effect is due.
        Order: () =>
          Effect.flatMap(Effect.sleep("1 second"), () =>
            isWrong ? (Promise.resolve("a") as never) : Effect.succeed("b")
          )
      }).pipe(Effect.provide(Logger.layer([logger])))
      const { client } = yield* connect(contract)
      const calls = yield* Effect.forEach([1, 2], () =>
        Effect.forkChild(statusOf(client.Order({ id: "a", amount: 1 })), { startImmediately: true })
      )
      yield* Effect.repeat(advance("5 seconds"), { times: 2 })
      isWrong = false
      const later = yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* Effect.repeat(advance("5 seconds"), { times: 3 })
      assert.strictEqual((yield* Fiber.join(later))._tag, "Success")
      assert.deepStrictEqual(yield* Effect.forEach(calls, Fiber.join), ["internal", "internal"])
      assert.strictEqual(yield* committed(namesOf(contract)), 3)
      assert.strictEqual(logged.filter((line) => line.includes("Not a valid effect")).length, 1)
    })
  )
})
