import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as RpcClient from "effect/rpc/RpcClient"
import { RpcClientError } from "effect/rpc/RpcClientError"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { RequestError } from "../../src/requester/RequestError.ts"
import * as Requester from "../../src/requester/Requester.ts"
import * as RequesterProtocol from "../../src/requester/RequesterProtocol.ts"
import type { Handlers } from "../suites/requestReply/TestContract.ts"
import { Refused } from "../suites/requestReply/TestContract.ts"
import { layerVirtual, until, advance } from "../suites/requestReply/Harness.ts"
import { newContract, serve } from "../suites/requestReply/programs.ts"

/** Effect's own client over the protocol. */
const connect = Effect.fnUntraced(function* (handlers: Partial<Handlers>) {
  const contract = newContract()
  yield* serve(contract, handlers)
  const protocol = yield* RequesterProtocol.make(contract, { topics: "create", partitions: 3, drainTimeout: 0 })
  return yield* Effect.provideService(RpcClient.make(contract), RpcClient.Protocol, protocol)
})

const law = (name: string, body: Effect.Effect<void, unknown, any>) =>
  it.effect(
    name,
    () =>
      body.pipe(Effect.scoped, Effect.provide(Layer.merge(MemoryTransport.layer, layerVirtual))) as Effect.Effect<
        void,
        unknown
      >
  )

describe("Effect's RPC client over Kafka", () => {
  law(
    "P1: gets successes, declared errors and defects",
    Effect.gen(function* () {
      const client = yield* connect({
        Work: ({ id }) =>
          id === "bad"
            ? Effect.fail(new Refused({ why: "bad", isFinal: false }))
            : id === "dies"
              ? Effect.die(new Error("a bug"))
              : Effect.succeed(`done ${id}`)
      })
      assert.strictEqual(yield* client.Work({ id: "1" }), "done 1")
      assert.instanceOf(yield* Effect.flip(client.Work({ id: "bad" })), Refused)
      const exit = yield* Effect.exit(client.Work({ id: "dies" }))
      assert(Exit.isFailure(exit))
      assert.isTrue(Cause.hasDies(exit.cause))
      assert.isUndefined(yield* client.Work({ id: "2" }, { discard: true }))
    })
  )

  law(
    "P3: a call without an answer fails at its deadline, with the RequestError as the cause",
    Effect.gen(function* () {
      const client = yield* connect({ Work: () => Effect.never })
      const call = yield* client
        .Work({ id: "1" })
        .pipe(Requester.withTimeout("1 second"), Effect.flip, Effect.forkChild({ startImmediately: true }))
      yield* advance("1 second")
      yield* advance("100 millis")
      const error = yield* Fiber.join(call)
      assert(error instanceof RpcClientError && error.reason._tag === "RpcClientDefect")
      assert(error.reason.cause instanceof RequestError)
      assert.strictEqual(error.reason.cause.reason._tag, "Timeout")
    })
  )

  law(
    "P13: interrupting a caller interrupts the handler",
    Effect.gen(function* () {
      let [started, interrupted] = [0, 0]
      const client = yield* connect({
        Work: () =>
          Effect.suspend(() => {
            started++
            return Effect.never
          }).pipe(Effect.onInterrupt(() => Effect.sync(() => void interrupted++)))
      })
      const call = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      yield* until("the handler runs", () => started === 1)
      yield* Fiber.interrupt(call)
      yield* until("the handler is interrupted", () => interrupted === 1)
    })
  )

  law(
    "P5: requests of one primary key are known again",
    Effect.gen(function* () {
      let runs = 0
      const client = yield* connect({ Order: () => Effect.sync(() => `run ${++runs}`) })
      const order = client.Order({ id: "a", amount: 1 })
      assert.strictEqual(yield* order, "run 1")
      assert.strictEqual(yield* order, "run 1")
      assert.strictEqual(yield* client.Order({ id: "b", amount: 1 }), "run 2")
    })
  )

  law(
    "hands headers to the handler",
    Effect.gen(function* () {
      const client = yield* connect({ Work: (_, { headers }) => Effect.succeed(headers["x-tenant"] ?? "") })
      const call = client.Work({ id: "1" }).pipe(RpcClient.withHeaders({ "x-tenant": "blue" }))
      assert.strictEqual(yield* call, "blue")
    })
  )
})
