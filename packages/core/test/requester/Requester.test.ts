import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../src/contract/Contract.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import * as Requester from "../../src/requester/Requester.ts"
import * as Responder from "../../src/responder/Responder.ts"
import type { StartError } from "../../src/startup/StartError.ts"

const Get = Rpc.make("Get", { payload: { sku: Schema.String }, success: Schema.String })
const Put = Rpc.make("Put", { payload: { sku: Schema.String }, success: Schema.String })
const Pay = Rpc.make("Pay", { payload: { cents: Schema.Int }, success: Schema.Int })
const Inventory = RpcGroup.make(Get, Put).annotate(Contract.Name, "inventory")
const Billing = RpcGroup.make(Pay).annotate(Contract.Name, "billing")

class EuInventory extends Requester.Tag<EuInventory>()("EuInventory", Inventory) {}

const create = { topics: "create", drainTimeout: 0 } as const

/** Handlers that say where they are. */
const inventoryAt = (place: string) =>
  Inventory.toLayer({
    Get: ({ sku }) => Effect.succeed(`${sku} at ${place}`),
    Put: ({ sku }) => Effect.succeed(`${sku} to ${place}`)
  })
const billing = Billing.toLayer({ Pay: ({ cents }) => Effect.succeed(cents) })

describe("the types of a requester", () => {
  it("say which contracts a layer serves, and what a client needs", () => {
    const one = Requester.layer(Inventory)
    one satisfies Layer.Layer<Requester.Of<typeof Inventory>, StartError, unknown & Layer.Services<typeof one>>
    const both: Layer.Layer<Requester.Of<typeof Inventory> | Requester.Of<typeof Billing>, StartError, any> =
      Requester.layer([Inventory, Billing])
    const pays = Effect.flatMap(Requester.client(Billing), (client) => client.Pay({ cents: 1 }))
    const served: Effect.Effect<number, unknown, Layer.Services<typeof both>> = Effect.provide(pays, both)
    const unserved = Effect.provide(pays, one)
    // @ts-expect-error nobody serves Billing
    const wrong: Effect.Effect<number, unknown, Layer.Services<typeof one>> = unserved
    // @ts-expect-error the tag is not what an untagged layer serves
    const untagged: Effect.Effect<unknown, unknown, Layer.Services<typeof one>> = Effect.provide(
      EuInventory.client,
      one
    )
    // @ts-expect-error a contract with another payload under the same operation's name
    const other: Effect.Effect<unknown, unknown, Layer.Services<typeof one>> = Effect.provide(
      Requester.client(RpcGroup.make(Rpc.make("Get", { payload: { id: Schema.Int } }))),
      one
    )
    // A part of what is served is served.
    const part: Effect.Effect<unknown, unknown, Layer.Services<typeof one>> = Effect.provide(
      Requester.client(Inventory.omit("Put")),
      one
    )
    for (const effect of [served, wrong, untagged, other, part]) assert.isTrue(Effect.isEffect(effect))
  })

  it("let a responder offer nothing and need the handlers of all its contracts", () => {
    const layer = Responder.layer([Inventory, Billing])
    const offers: Layer.Layer<never, StartError, any> = layer
    // @ts-expect-error the handlers of Billing are missing
    const missing: Layer.Layer<never, StartError, Layer.Services<typeof MemoryTransport.layer>> = layer.pipe(
      Layer.provide(inventoryAt("here")),
      Layer.provide(MemoryTransport.layer)
    )
    assert.isTrue(Layer.isLayer(offers) && Layer.isLayer(missing))
  })
})

describe("requesters side by side", () => {
  it.live("call the same contract on two clusters", () =>
    Effect.gen(function* () {
      const serving = (place: string) => Responder.layer(Inventory, create).pipe(Layer.provide(inventoryAt(place)))
      const here = Layer.mergeAll(Requester.layer(Inventory, create), serving("here")).pipe(
        Layer.provide(MemoryTransport.share())
      )
      const there = Layer.mergeAll(EuInventory.layer(create), serving("there")).pipe(
        Layer.provide(MemoryTransport.share())
      )
      const context = yield* Layer.build(Layer.mergeAll(here, there))
      const calls = Effect.gen(function* () {
        const near = yield* Requester.client(Inventory)
        const far = yield* Requester.client(EuInventory)
        return [
          yield* near.Get({ sku: "TEA" }),
          yield* far.Get({ sku: "TEA" }),
          yield* (yield* EuInventory.client).Put({ sku: "TEA" })
        ]
      })
      assert.deepStrictEqual(yield* Effect.provide(calls, context), ["TEA at here", "TEA at there", "TEA to there"])
      assert.strictEqual(yield* Effect.provide(Requester.inFlight(EuInventory), context), 0)
      assert.strictEqual(yield* Effect.provide(Requester.inFlight(Inventory), context), 0)
    })
  )

  it.live("serve two parts of one contract, each with its own options", () =>
    Effect.gen(function* () {
      const transport = MemoryTransport.share()
      const layers = Layer.mergeAll(
        Requester.layer(Inventory.omit("Put"), { ...create, timeout: "3 seconds" }),
        Requester.layer(Inventory.omit("Get"), create),
        Responder.layer(Inventory, create).pipe(Layer.provide(inventoryAt("here")))
      ).pipe(Layer.provide(transport))
      const context = yield* Layer.build(layers)
      const client = yield* Effect.provide(Requester.client(Inventory), context)
      assert.strictEqual(yield* client.Get({ sku: "TEA" }), "TEA at here")
      assert.strictEqual(yield* client.Put({ sku: "TEA" }), "TEA to here")
    })
  )

  it.live("say which contract is missing when only its name tells them apart", () =>
    Effect.gen(function* () {
      const layer = Requester.layer(Inventory, create).pipe(Layer.provide(MemoryTransport.layer))
      const other = Inventory.annotate(Contract.Name, "elsewhere")
      const exit = yield* Effect.exit(Effect.provide(Requester.client(other), layer))
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), 'no requester in the context serves Get of the contract "elsewhere"')
    })
  )
})

describe("two contracts in one program", () => {
  it.live("are called by one requester and served by one responder layer", () =>
    Effect.gen(function* () {
      const layers = Layer.mergeAll(
        Requester.layer([Inventory, Billing], create),
        Responder.layer([Inventory, Billing], create).pipe(Layer.provide([inventoryAt("here"), billing]))
      ).pipe(Layer.provide(MemoryTransport.layer))
      const context = yield* Layer.build(layers)
      const [inventory, bills] = yield* Effect.all([Requester.client(Inventory), Requester.client(Billing)]).pipe(
        Effect.provide(context)
      )
      assert.strictEqual(yield* inventory.Get({ sku: "TEA" }), "TEA at here")
      assert.strictEqual(yield* bills.Pay({ cents: 7 }), 7)
    })
  )

  it.live("tell what they are, and refuse operations of one name, whose handlers could not be told apart", () =>
    Effect.gen(function* () {
      const services = yield* Layer.build(Layer.mergeAll(inventoryAt("here"), billing, MemoryTransport.layer))
      const status = yield* Effect.provide(Responder.make([Inventory, Billing], create), services)
      assert.deepStrictEqual(status.contracts, ["inventory", "billing"])
      assert.strictEqual(yield* status.running, 0)
      const twice = [Inventory, Inventory.annotate(Contract.Name, "again")] as const
      const error = yield* Effect.flip(Effect.provide(Responder.make(twice, create), services))
      assert.strictEqual(error.reason._tag, "Unsupported")
    })
  )
})

describe("a mocked requester", () => {
  it.effect("answers by the functions given, under a contract or a tag, without any transport", () =>
    Effect.gen(function* () {
      const mocks = Layer.mergeAll(
        Requester.layerMock(Inventory, { Get: ({ sku }) => Effect.succeed(`mock ${sku}`) }),
        Requester.layerMock(EuInventory, { Get: ({ sku }) => Effect.succeed(`eu mock ${sku}`) })
      )
      const context = yield* Layer.build(mocks)
      const near = yield* Effect.provide(Requester.client(Inventory), context)
      const far = yield* Effect.provide(EuInventory.client, context)
      assert.strictEqual(yield* near.Get({ sku: "TEA" }), "mock TEA")
      assert.strictEqual(yield* far.Get({ sku: "TEA" }), "eu mock TEA")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(near.Put({ sku: "TEA" }))))
    })
  )
})

describe("the settings of a call", () => {
  it.effect("may be given first or last", () =>
    Effect.gen(function* () {
      const read = Effect.all([
        Effect.service(Requester.Timeout),
        Effect.service(Requester.RoutingKey),
        Effect.service(Requester.WaitForReady)
      ])
      const last = read.pipe(
        Requester.withTimeout("1 second"),
        Requester.withRoutingKey("k"),
        Requester.withWaitForReady(false)
      )
      const first = Requester.withWaitForReady(
        Requester.withRoutingKey(Requester.withTimeout(read, "1 second"), "k"),
        false
      )
      assert.deepStrictEqual(yield* last, ["1 second", "k", false])
      assert.deepStrictEqual(yield* first, yield* last)
      assert.isTrue(Context.isReference(Requester.Timeout))
    })
  )
})
