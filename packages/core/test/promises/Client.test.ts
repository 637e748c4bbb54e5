import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Contract from "../../src/contract/Contract.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { createClient } from "../../src/promises/Client.ts"
import { RequestError } from "../../src/requester/RequestError.ts"
import { StartError } from "../../src/startup/StartError.ts"
import { Refused } from "../suites/requestReply/TestContract.ts"
import { newContract, newName } from "../suites/requestReply/programs.ts"
import { gated, pair, rejection } from "./fixtures.ts"

describe("a client of promises", () => {
  it("P1: resolves with the success and rejects with the declared error as it is", async () => {
    await using programs = await pair({
      Work: async ({ id }) => {
        if (id === "bad") throw new Refused({ why: "it is bad", isFinal: false })
        return `done ${id}`
      }
    })
    assert.strictEqual(await programs.client.Work({ id: "1" }), "done 1")
    const error = await rejection(programs.client.Work({ id: "bad" }))
    assert(error instanceof Refused)
    assert.strictEqual(error.why, "it is bad")
  })

  it("P1: rejects with an Error when the handler died, and is not harmed by it", async () => {
    await using programs = await pair({
      Work: async ({ id }) => {
        if (id === "dies") throw new TypeError("a bug")
        return id
      }
    })
    const error = await rejection(programs.client.Work({ id: "dies" }))
    assert(error instanceof Error)
    assert.include(error.message, "a bug")
    assert.strictEqual(await programs.client.Work({ id: "1" }), "1")
  })

  it("P1: rejects with a RequestError after its timeout", async () => {
    await using programs = await pair({ Work: () => new Promise(() => {}) }, { responder: { drainTimeout: 0 } })
    const error = await rejection(programs.client.Work({ id: "1" }, { timeoutMs: 100 }))
    assert(error instanceof RequestError)
    assert.strictEqual(error.reason._tag, "Timeout")
  })

  it("P13: an aborted signal rejects with its reason and aborts the handler's signal", async () => {
    const started = Promise.withResolvers<void>()
    const cancelled = Promise.withResolvers<void>()
    await using programs = await pair({
      Work: (_, { signal }) =>
        new Promise((_, reject) => {
          started.resolve()
          signal.addEventListener("abort", () => {
            cancelled.resolve()
            reject(signal.reason)
          })
        })
    })
    const controller = new AbortController()
    const call = programs.client.Work({ id: "1" }, { signal: controller.signal })
    await started.promise
    const reason = new Error("no longer wanted")
    controller.abort(reason)
    assert.strictEqual(await rejection(call), reason)
    await cancelled.promise
    assert.strictEqual(await rejection(programs.client.Work({ id: "2" }, { signal: controller.signal })), reason)
  })

  it("hands headers and the routing key to the handler", async () => {
    const seen: Array<unknown> = []
    await using programs = await pair({
      Work: async (_, { attempt, headers, info, remainingMs }) => {
        seen.push(headers["x-tenant"], attempt, info.topic, remainingMs() > 0)
        return "done"
      }
    })
    await programs.client.Work({ id: "1" }, { headers: { "x-tenant": "blue" }, routingKey: "k" })
    assert.deepStrictEqual(seen, ["blue", 1, `${programs.server.contract}.requests`, true])
  })

  it("P12: closing waits for calls in flight, once, and calls after it fail as Closed", async () => {
    await using programs = await gated()
    const closing = programs.client.close()
    assert.strictEqual(programs.client.close(), closing)
    programs.letThrough()
    assert.strictEqual(await programs.call, "done")
    await closing
    const error = await rejection(programs.client.Work({ id: "2" }))
    assert(error instanceof RequestError)
    assert.strictEqual(error.reason._tag, "Closed")
  })

  it("P1: a start that fails rejects with what is known, and leaves nothing open", async () => {
    const transport = MemoryTransport.share()
    const error = await rejection(createClient(newContract(), { transport }))
    assert(error instanceof StartError)
    assert.strictEqual(error.reason._tag, "TopicMissing")
  })

  it("refuses operations named as its own methods", async () => {
    const group = RpcGroup.make(Rpc.make("then")).annotate(Contract.Name, newName())
    const error = await rejection(createClient(group, { transport: MemoryTransport.share() }))
    assert(error instanceof StartError)
    assert.strictEqual(error.reason._tag, "Unsupported")
  })

  it("asks in its type for what client middleware needs, and runs it", async () => {
    class Stamp extends RpcMiddleware.Service<Stamp>()("test/Stamp", { requiredForClient: true }) {}
    const group = RpcGroup.make(Rpc.make("Go")).middleware(Stamp).annotate(Contract.Name, newName())
    const transport = MemoryTransport.share()
    // @ts-expect-error the client half of the middleware is missing
    const withoutServices = () => createClient(group, { transport })
    assert.isFunction(withoutServices)
    let calls = 0
    const services = RpcMiddleware.layerClient(Stamp, ({ next, request }) => {
      calls++
      return next(request)
    })
    const requester = { topics: "create", timeout: "50 millis" } as const
    await using client = await createClient(group, { transport, requester, services })
    assert((await rejection(client.Go())) instanceof RequestError)
    assert.strictEqual(calls, 1)
  })

  it("has nothing else in the way of a program that gives a layer which fails", async () => {
    const transport = Layer.effectDiscard(Effect.fail(new Error("no broker"))) as never
    const error = await rejection(createClient(newContract(), { transport }))
    assert(error instanceof Error)
    assert.strictEqual(error.message, "no broker")
  })
})
