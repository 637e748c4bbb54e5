import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import * as Contract from "../../src/contract/Contract.ts"
import {
  clientMiddlewares,
  type Codec,
  handlerOf,
  operationsOf,
  primaryKeyOf,
  serverMiddlewares,
  refusalOf
} from "../../src/contract/Operation.ts"
import { Get, handlers, operation, Reserve, SoldOut, Stock, Take, UnknownSku } from "./stock.ts"

/** Through JSON text, as on the wire. */
const travel = <A>(codec: Codec<A>, value: A): Effect.Effect<A, Schema.SchemaError> =>
  Effect.flatMap(codec.encode(value), (json) => codec.decode(JSON.parse(JSON.stringify(json ?? null))))

describe("an operation's codecs", () => {
  const cases = [
    ["payload", operation("Odd").payload, operation("Odd").rpc.payloadSchema],
    ["success", operation("Odd").success, operation("Odd").rpc.successSchema],
    ["keyed payload", operation("Reserve").payload, operation("Reserve").rpc.payloadSchema],
    ["union of errors", operation("Reserve").error, operation("Reserve").rpc.errorSchema]
  ] as const
  for (const [name, codec, schema] of cases) {
    it.effect.prop(`carry every ${name} through JSON`, [Arbitrary.schema(schema)], ([value]) =>
      Effect.gen(function* () {
        if (typeof value === "object" && value !== null && "fragile" in value && value.fragile === "throw") return
        assert.isTrue(Schema.toEquivalence(schema)(yield* travel(codec as Codec<unknown>, value), value))
      })
    )
  }

  it.effect("carry nothing as null", () =>
    Effect.gen(function* () {
      assert.isUndefined(yield* travel(operation("Ping").payload, undefined))
      assert.isUndefined(yield* travel(operation("Ping").success, undefined))
    })
  )

  it.effect("carry whole exits, defects as the defect schema says", () =>
    Effect.gen(function* () {
      const { exit } = operation("Take")
      const soldOut = Exit.fail(new SoldOut({ left: 0 }))
      assert.deepStrictEqual(yield* travel(exit, soldOut), soldOut)
      const died = yield* travel(exit, Exit.die(new Error("boom")))
      assert.isTrue(Exit.isFailure(died))
      const reason = Exit.isFailure(died) ? died.cause.reasons[0] : undefined
      assert.isTrue(reason !== undefined && Cause.isDieReason(reason))
      assert.strictEqual((reason as Cause.Die).defect instanceof Error && (reason as any).defect.message, "boom")
    })
  )

  it.effect("refuse what does not fit, by a typed failure", () =>
    Effect.gen(function* () {
      const { payload } = operation("Reserve")
      for (const json of [null, 7, "x", [], {}, { order: "o", sku: "s", count: 0 }, { order: 1, sku: "s", count: 1 }]) {
        assert.strictEqual((yield* Effect.flip(payload.decode(json)))._tag, "SchemaError", JSON.stringify(json))
      }
    })
  )

  it.effect("ignore keys that a newer side has added", () =>
    Effect.gen(function* () {
      const decoded = yield* operation("Get").payload.decode({ sku: "a", added: true })
      assert.deepStrictEqual({ ...(decoded as object) }, { sku: "a" })
    })
  )
})

describe("an operation's annotations", () => {
  it("say what the contract says", () => {
    const facts = operationsOf(Stock).map((one) => [one.tag, one.isSafe, one.isIdempotent, one.hasPrimaryKey])
    assert.deepStrictEqual(facts, [
      ["Get", true, false, false],
      ["Reserve", false, true, true],
      ["Take", false, false, false],
      ["Odd", false, false, false],
      ["Ping", false, false, false]
    ])
    assert.deepStrictEqual(
      [operation("Odd").timeout, operation("Odd").retry.maxAttempts, operation("Get").timeout],
      ["2 seconds", 2, undefined]
    )
    assert.deepStrictEqual([new UnknownSku({ sku: "a" }), new SoldOut({ left: 0 })].map(operation("Reserve").isFinal), [
      true,
      false
    ])
    assert.isFalse(operation("Get").isFinal(new UnknownSku({ sku: "a" })))
    assert.isTrue(operationsOf(Stock).every((one) => !one.isStream))
  })

  it("have a default that retries quickly", () => {
    const { baseDelay, maxAttempts, maxDelay } = operation("Get").retry
    assert.deepStrictEqual([maxAttempts, Duration.toMillis(baseDelay), Duration.toMillis(maxDelay)], [4, 100, 2_000])
  })

  it("belong to the value, not to its tag", () => {
    const group = RpcGroup.make(Take.annotate(Contract.Safe, true))
    assert.deepStrictEqual(
      [operationsOf(group)[0]?.isSafe, operationsOf(RpcGroup.make(Take))[0]?.isSafe],
      [true, false]
    )
    assert.strictEqual(operationsOf(Stock)[0], operationsOf(Stock)[0])
  })

  it("know streams", () => {
    const Watch = Rpc.make("Watch", { success: Schema.Int, stream: true })
    assert.isTrue(operationsOf(RpcGroup.make(Watch))[0]?.isStream)
  })
})

describe("a primary key", () => {
  it.effect("is read from made and from decoded payloads", () =>
    Effect.gen(function* () {
      const fields = { order: "order-1", sku: "a", count: 2 }
      assert.strictEqual(primaryKeyOf(Reserve.payloadSchema.make(fields)), "order-1")
      assert.strictEqual(primaryKeyOf(yield* operation("Reserve").payload.decode(fields)), "order-1")
      for (const other of [fields, undefined, null, "order-1", Get.payloadSchema.make({ sku: "a" })]) {
        assert.isUndefined(primaryKeyOf(other))
      }
    })
  )
})

const pass = <A>(effect: A): A => effect

class Trace extends RpcMiddleware.Service<Trace>()("test/Trace", { error: SoldOut }) {}
class Guard extends RpcMiddleware.Service<Guard>()("test/Guard", { error: UnknownSku, requiredForClient: true }) {}

describe("what an operation finds in a context", () => {
  const [guarded] = operationsOf(RpcGroup.make(Take.middleware(Trace).middleware(Guard)))

  it.effect("is its handler and its middleware, first declared first", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(
        Layer.mergeAll(
          Stock.toLayer(handlers),
          Layer.succeed(Trace, Trace.of(pass)),
          Layer.succeed(Guard, Guard.of(pass)),
          RpcMiddleware.layerClient(Guard, ({ next, request }) => next(request))
        )
      )
      const erased = context as unknown as Context.Context<never>
      assert.strictEqual(handlerOf(operation("Get"), erased)?.tag, "Get")
      assert.strictEqual(serverMiddlewares(guarded!, erased).length, 2)
      assert.strictEqual(clientMiddlewares(guarded!, erased).length, 1)
      assert.deepStrictEqual(serverMiddlewares(operation("Get"), erased), [])
    })
  )

  it("is nothing when it is not there", () => {
    assert.isUndefined(handlerOf(operation("Get"), Context.empty()))
    assert.deepStrictEqual(clientMiddlewares(guarded!, Context.empty()), [])
  })

  it.effect("knows the errors of middleware as declared ones", () =>
    Effect.gen(function* () {
      const error = new UnknownSku({ sku: "a" })
      assert.deepStrictEqual(yield* travel(guarded!.error, error), error)
    })
  )
})

const refusal = (rpc: Rpc.Any) => operationsOf(RpcGroup.make(rpc)).map(refusalOf)[0]

describe("limits of an operation", () => {
  it("that nobody could go by are refused with what they accept", () => {
    const work = Rpc.make("Work")
    assert.strictEqual(
      refusal(work.annotate(Contract.Concurrency, 0)),
      "its Contract.Concurrency is 0; it accepts a whole number from 1"
    )
    assert.match(
      refusal(work.annotate(Contract.MaxWait, 0)) ?? "",
      /Contract.MaxWait is 0; it accepts a finite duration/
    )
    assert.match(
      refusal(work.annotate(Contract.Priority, "now" as never)) ?? "",
      /Contract.Priority is now; it accepts/
    )
    assert.isUndefined(refusal(work.annotate(Contract.Concurrency, 1).annotate(Contract.MaxWait, "1 second")))
  })
})
