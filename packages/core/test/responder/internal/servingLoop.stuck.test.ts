/**
 * Offsets that must become done whatever handlers do, and fetching that must go on.
 */
import { assert, describe, it } from "@effect/vitest"
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
import * as MemoryBroker from "../../../src/transport/MemoryBroker.ts"
import * as TransportMemory from "../../../src/transport/TransportMemory.ts"
import { advance, type Harness, layerVirtual, until } from "../../suites/requestReply/Harness.ts"
import { connect, launch, newBench, newName, serve } from "../../suites/requestReply/programs.ts"
import { namesOf } from "../../suites/requestReply/topics.ts"
import { statusOf } from "../../suites/requestReply/failures.ts"

const environment = Layer.merge(TransportMemory.layer, layerVirtual)

const test = (
  name: string,
  body: Effect.Effect<void, unknown, Layer.Success<typeof environment> | Harness | import("effect/Scope").Scope>
) => it.effect(name, () => Effect.provide(body, environment))

/** The committed offsets of all partitions together, once everything due is committed. */
const committed = Effect.fnUntraced(function* (name: { readonly responderGroup: string }) {
  yield* advance("1 second")
  const broker = yield* MemoryBroker.MemoryBroker
  return [...broker.group(name.responderGroup).committed.values()].reduce((sum, { offset }) => sum + offset, 0)
})

const fork = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.forkChild(Effect.exit(effect), { startImmediately: true })

describe("a handler that neither ends nor can be interrupted", () => {
  const hung = (started: Array<string>, id: string) =>
    Effect.uninterruptible(Effect.andThen(Effect.sync(() => started.push(id)), Effect.never))

  test(
    "does not hold the offsets of requests that joined its run",
    Effect.gen(function* () {
      const bench = newBench()
      const started: Array<string> = []
      yield* serve(bench, { Order: ({ id }) => hung(started, id) })
      const { client } = yield* connect(bench)
      yield* fork(client.Order({ id: "a", amount: 1 }))
      yield* until("it runs", () => started.length === 1)
      yield* fork(client.Order({ id: "a", amount: 1 }))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(bench)), 2)
      assert.deepStrictEqual(started, ["a"])
    })
  )

  test(
    "does not hold the offsets of requests that wait behind it",
    Effect.gen(function* () {
      const bench = newBench()
      const started: Array<string> = []
      yield* serve(bench, { Append: ({ key }) => hung(started, key) })
      const { client } = yield* connect(bench)
      const append = (seq: number) => client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot"))
      yield* fork(append(1))
      yield* until("it runs", () => started.length === 1)
      yield* fork(append(2))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(bench)), 2)
      assert.strictEqual(started.length, 1)
    })
  )
})

describe("fetching", () => {
  test(
    "goes on as soon as forked handlers have made room, not when they end",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const bench = newBench()
      let started = 0
      yield* serve(
        bench,
        {
          Work: ({ id }) =>
            Rpc.fork(
              Effect.suspend(() => {
                started++
                return Effect.as(Deferred.await(gate), id)
              })
            )
        },
        { concurrency: 1, maxWaiting: 1, partitions: 1 }
      )
      const { client } = yield* connect(bench)
      const calls = yield* Effect.forEach([1, 2, 3, 4, 5, 6], (id) => fork(client.Work({ id: String(id) })))
      yield* advance("100 millis")
      assert.strictEqual(started, 6)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.awaitAll(calls)
    })
  )
})

const slowToRead = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transformEffect({
      decode: (text: string) => Effect.uninterruptible(Effect.delay(Effect.succeed(text), "20 seconds")),
      encode: (text: string) => Effect.succeed(text)
    })
  )
)

describe("a contract whose own code misbehaves", () => {
  test(
    "a payload that takes longer to decode than there is time does not hold its offset",
    Effect.gen(function* () {
      const group = RpcGroup.make(Rpc.make("Read", { payload: { text: slowToRead } })).annotate(Contract.Name, newName())
      yield* launch(
        Responder.layer(group, { topics: "create", drainTimeout: 0, partitions: 1 }).pipe(
          Layer.provide(group.toLayer({ Read: () => Effect.void }))
        )
      )
      const { context } = yield* launch(Requester.layer([group], { drainTimeout: 0 }))
      const client = yield* Effect.provide(Requester.client(group), context)
      yield* fork(client.Read({ text: "x" }))
      yield* advance("21 seconds")
      assert.strictEqual(yield* committed(Contract.namesOf(group)!), 1)
    })
  )

  test(
    "a test for final errors that throws fails its own request, and no later one of the key",
    Effect.gen(function* () {
      let isBroken = true
      const group = RpcGroup.make(
        Rpc.make("Order", {
          payload: { id: Schema.String },
          success: Schema.String,
          error: Schema.String,
          primaryKey: ({ id }) => id
        }).annotate(Contract.isFinalError, () => {
          throw new Error("a test that throws")
        })
      ).annotate(Contract.Name, newName())
      yield* launch(
        Responder.layer(group, { topics: "create", drainTimeout: 0, partitions: 1 }).pipe(
          Layer.provide(
            group.toLayer({ Order: () => Effect.suspend(() => (isBroken ? Effect.fail("no") : Effect.succeed("yes"))) })
          )
        )
      )
      const { context } = yield* launch(Requester.layer([group], { drainTimeout: 0 }))
      const client = yield* Effect.provide(Requester.client(group), context)
      assert.strictEqual(yield* statusOf(client.Order({ id: "a" })), "internal")
      isBroken = false
      const second = yield* fork(client.Order({ id: "a" }))
      yield* advance("10 seconds")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Success")
      assert.strictEqual(yield* committed(Contract.namesOf(group)!), 2)
    })
  )

  test(
    "a listener that throws holds neither replies nor offsets",
    Effect.gen(function* () {
      const bench = newBench()
      yield* serve(
        bench,
        { Work: ({ id }) => Effect.succeed(id) },
        {
          onAnswered: () => {
            throw new Error("a listener that throws")
          }
        }
      )
      const { client } = yield* connect(bench)
      const call = yield* fork(client.Work({ id: "1" }))
      yield* advance("10 seconds")
      assert.strictEqual((yield* Fiber.join(call))._tag, "Success")
      assert.strictEqual(yield* committed(namesOf(bench)), 1)
    })
  )
})

describe("an answer", () => {
  test(
    "is given at once when a handler adds more headers than a reply may have",
    Effect.gen(function* () {
      const bench = newBench()
      const { add } = yield* Effect.promise(() => import("../../../src/responder/ReplyHeaders.ts"))
      yield* serve(bench, {
        Work: ({ id }) =>
          Effect.as(
            id === "many"
              ? Effect.forEach(Array.from({ length: 300 }), (_, index) => add(`x-${index}`, "1"))
              : add("x-large", "x".repeat(70_000)),
            id
          )
      })
      const { client } = yield* connect(bench)
      for (const id of ["many", "large"]) {
        const status = yield* Effect.forkChild(statusOf(client.Work({ id })), { startImmediately: true })
        yield* advance("6 seconds")
        assert.strictEqual(yield* Fiber.join(status), "reply-too-large")
      }
    })
  )

  test(
    "to what cannot be executed is given without an allowance for clocks too",
    Effect.gen(function* () {
      const bench = newBench()
      const { name } = namesOf(bench)
      yield* serve(bench, {}, { clockSkew: 0 })
      const other = RpcGroup.make(Rpc.make("Added", { success: Schema.String })).annotate(Contract.Name, name)
      const { context } = yield* launch(Requester.layer([other], { drainTimeout: 0 }))
      const client = yield* Effect.provide(Requester.client(other), context)
      const status = yield* Effect.forkChild(statusOf(client.Added()), { startImmediately: true })
      yield* advance("6 seconds")
      assert.strictEqual(yield* Fiber.join(status), "unimplemented")
    })
  )
})
