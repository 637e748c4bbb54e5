import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import { operationsOf } from "../../../src/contract/Operation.ts"
import * as CallSettings from "../../../src/requester/CallSettings.ts"
import type { Options } from "../../../src/requester/Options.ts"
import { elementOf, oneOf, text } from "../../wire/arbitraries.ts"
import { reply } from "../fixtures.ts"
import { correlationId, method, type Middleware, reasonOf, type Tag } from "../TestMethod.ts"

const reservation = { order: "order-1", sku: "a", count: 2 }

const Keyed = RpcGroup.make(
  Rpc.make("Keyed", { payload: { id: Schema.optionalKey(Schema.String) }, primaryKey: ({ id }) => id!.trim() })
)

/** Whether a call made so carries a traceparent. */
const traced = (
  options: Partial<Options>,
  around: (call: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>
) =>
  Effect.suspend(() => {
    const { call, sent } = method("Get", undefined, options)
    return Effect.map(around(call({ sku: "a" })), () => sent().envelope.traceparent !== undefined)
  })

const inSpan = (sampled: boolean) =>
  Effect.provideService(
    Tracer.ParentSpan,
    Tracer.externalSpan({ spanId: "b7ad6b7169203331", traceId: "0af7651916cd43dd8448eb211c80319c", sampled })
  )

const again: Middleware = ({ next, request }) => Effect.andThen(next(request), next(request))

describe("a method's request", () => {
  it.effect("says what the protocol wants to know", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_000_000)
      const { call, sent } = method("Reserve", Effect.succeed(reply({}, 7)))
      assert.strictEqual(yield* call(reservation, { headers: { "x-tenant": "t" } }), 7)
      const { envelope, template } = sent()
      assert.deepStrictEqual(
        {
          ...envelope,
          callHeaders: envelope.callHeaders.map(([name, value]) => [name, Buffer.from(value).toString()])
        },
        {
          kind: "request",
          operation: "Reserve",
          deadline: 1_005_000,
          timeout: 5_000,
          attempt: 1,
          key: "order-1",
          isDiscard: false,
          contentType: undefined,
          correlationId,
          replyTo: { topic: "stock.replies", partition: 5 },
          traceparent: undefined,
          via: [],
          callHeaders: [["x-tenant", "t"]]
        }
      )
      assert.strictEqual(Buffer.from(template.key!).toString(), "order-1")
      assert.deepStrictEqual(JSON.parse(Buffer.from(template.value).toString()), reservation)
      assert.strictEqual(template.deadline - template.startedAt, 5_000)
    })
  )

  it.effect("goes by its routing key when it has one", () =>
    Effect.gen(function* () {
      const { call, sent } = method("Reserve", Effect.succeed(reply({}, 7)))
      yield* call(reservation).pipe(CallSettings.withRoutingKey("sku-a"))
      assert.strictEqual(Buffer.from(sent().template.key!).toString(), "sku-a")
      assert.strictEqual(sent().envelope.key, "order-1")
    })
  )

  it.effect("is retried when its operation may run twice", () =>
    Effect.gen(function* () {
      const [read, write, take] = [method("Get"), method("Reserve"), method("Take")] as const
      yield* read.call({ sku: "a" })
      yield* Effect.exit(write.call(reservation))
      yield* Effect.exit(take.call({ sku: "a" }))
      assert.deepStrictEqual(
        [read, write, take].map(({ sent }) => sent().template.policy !== undefined),
        [true, true, false]
      )
    })
  )

  it.effect("has a traceparent inside a sampled span only, and when it is always traced", () =>
    Effect.gen(function* () {
      assert.isFalse(yield* traced({}, (call) => call))
      assert.isTrue(yield* traced({}, (call) => inSpan(true)(call)))
      assert.isFalse(yield* traced({}, (call) => inSpan(false)(call)))
      assert.isFalse(yield* traced({ tracing: "never" }, (call) => inSpan(true)(call)))
      assert.isTrue(yield* traced({ tracing: "always" }, (call) => call))
    })
  )
})

describe("what cannot be sent", () => {
  const evil = {
    get sku(): string {
      throw new Error("a getter that throws")
    }
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()

  it.effect.prop(
    "fails as an invalid payload, and never throws or dies",
    [
      elementOf<Tag>(["Get", "Reserve", "Take", "Odd"]),
      oneOf<unknown>(
        text(0, 9),
        elementOf([
          undefined,
          null,
          7,
          [],
          {},
          { sku: 7 },
          Symbol("x"),
          () => 1,
          evil,
          revoked.proxy,
          new Date(Number.NaN)
        ])
      )
    ],
    ([tag, payload]) =>
      Effect.gen(function* () {
        const { call, prepared } = method(tag)
        assert.strictEqual(yield* reasonOf(call(payload)), "InvalidPayload")
        assert.strictEqual(prepared.length, 0)
      })
  )

  it.effect("fails by a primary key that cannot be made of it, or is no text that can travel", () =>
    Effect.gen(function* () {
      const keyed = method(operationsOf(Keyed)[0]!)
      const reserve = method("Reserve")
      assert.strictEqual(yield* reasonOf(keyed.call({})), "InvalidPayload")
      // Halves of a character: all of them have the same UTF-8, so different keys would become one.
      assert.strictEqual(yield* reasonOf(reserve.call({ ...reservation, order: "order \ud800" })), "InvalidPayload")
      assert.deepStrictEqual([keyed.prepared, reserve.prepared], [[], []])
      assert.deepStrictEqual(keyed.counted, ["refused Keyed InvalidPayload"])
    })
  )

  it.effect("fails by its size", () =>
    Effect.gen(function* () {
      const { call, counted, prepared } = method("Get", undefined, { maxRequestBytes: 100 })
      assert.strictEqual(yield* reasonOf(call({ sku: "x".repeat(90) })), "success")
      assert.strictEqual(yield* reasonOf(call({ sku: "x".repeat(91) })), "RequestTooLarge")
      assert.strictEqual(prepared.length, 1)
      assert.deepStrictEqual(counted, ["refused Get RequestTooLarge"])
    })
  )

  it.effect("fails by its headers", () =>
    Effect.gen(function* () {
      const { call, prepared } = method("Get")
      assert.strictEqual(yield* reasonOf(call({ sku: "a" }, { headers: { rr: "v=1" } })), "InvalidHeaders")
      const around = RpcClient.withHeaders({ kafka_replyTopic: "mine" })
      assert.strictEqual(yield* reasonOf(around(call({ sku: "a" }))), "InvalidHeaders")
      assert.strictEqual(prepared.length, 0)
    })
  )
})

describe("a method's result", () => {
  it.effect("is an error, and counted, when the reply does not fit the contract", () =>
    Effect.gen(function* () {
      const { call, counted } = method("Get", Effect.succeed(reply({}, { sku: 7 })))
      assert.strictEqual(yield* reasonOf(call({ sku: "a" })), "InvalidReply")
      assert.deepStrictEqual(counted, ["invalid reply Get"])
    })
  )

  it.effect("is nothing when no outcome is wanted", () =>
    Effect.gen(function* () {
      const { call, sent } = method("Get", Effect.succeed(reply({ outcome: "accepted" })))
      assert.isUndefined(yield* call({ sku: "a" }, { discard: true }))
      assert.isTrue(sent().envelope.isDiscard)
    })
  )

  it.effect("comes with the metadata of its reply", () =>
    Effect.gen(function* () {
      const replyHeaders = [["x", Buffer.from("y")]] as const
      const { call } = method("Get", Effect.succeed(reply({ attempt: 2, at: 77, replyHeaders }, { sku: "a", left: 3 })))
      const [value, metadata] = yield* CallSettings.withReplyMetadata(call({ sku: "a" }))
      assert.deepStrictEqual(value, { sku: "a", left: 3 })
      assert.deepStrictEqual([metadata?.attempt, metadata?.answeredAt, metadata?.headers[0]?.[0]], [2, 77, "x"])
    })
  )

  it.effect("passes its middleware, the first declared innermost, which may add headers and call again", () =>
    Effect.gen(function* () {
      const steps: Array<string> = []
      const step =
        (name: string): Middleware =>
        ({ next, request }) => {
          steps.push(`${name}:${request.headers["seen"] ?? ""}`)
          return next({ ...request, headers: { ...request.headers, seen: name } as never })
        }
      const { call, prepared } = method("Get", undefined, {}, [step("first"), step("second"), again])
      yield* call({ sku: "a" })
      assert.deepStrictEqual(steps, ["second:", "first:second", "second:", "first:second"])
      assert.strictEqual(prepared.length, 2)
    })
  )
})
