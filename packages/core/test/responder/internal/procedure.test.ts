import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as CallBudget from "../../../src/contract/CallBudget.ts"
import { operationsOf } from "../../../src/contract/Operation.ts"
import { contextOf, type Invocation, procedureOf, run } from "../../../src/responder/internal/procedure.ts"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import { RequestInfo } from "../../../src/responder/RequestInfo.ts"
import type { RecordHeader } from "../../../src/wire/RecordHeaders.ts"
import { correlationId } from "../fixtures.ts"

class Denied extends Schema.TaggedError<Denied>()("Denied", {}) {}
class Outer extends RpcMiddleware.Service<Outer>()("test/procedure/Outer", { error: Denied }) {}
class Inner extends RpcMiddleware.Service<Inner>()("test/procedure/Inner", { error: Denied }) {}
class Database extends Context.Service<Database, string>()("test/procedure/Database") {}

const Add = Rpc.make("Add", { payload: { n: Schema.Int }, success: Schema.Int })
/** First declared first: `Inner` wraps the handler, `Outer` wraps both. */
const Guarded = Add.middleware(Inner).middleware(Outer)

const plain = RpcGroup.make(Add)
const guarded = RpcGroup.make(Guarded)

const info: RequestInfo = {
  topic: "math.requests",
  partition: 2,
  offset: 17,
  timestamp: 5,
  correlationId: correlationId(1),
  attempt: 3,
  key: undefined,
  headers: [
    ["X-Tenant", Buffer.from("a")],
    ["x-note", Buffer.from("é")]
  ]
}

type Handler = Parameters<typeof plain.of>[0]["Add"]

interface Overrides extends Partial<Invocation> {
  readonly deadline?: number
}

const invoking = Effect.fnUntraced(function* (
  layer: Layer.Layer<any, never, any>,
  { deadline = Number.POSITIVE_INFINITY, ...overrides }: Overrides = {},
  isGuarded = false
) {
  const context: Context.Context<never> = yield* Layer.build(layer as unknown as Layer.Layer<never>)
  const [operation] = isGuarded ? operationsOf(guarded) : operationsOf(plain)
  const procedure = procedureOf(operation!, context)
  const started: Array<boolean> = []
  const replyHeaders: Array<RecordHeader> = []
  const scope = Scope.makeUnsafe()
  const surroundings = contextOf(procedure!, {
    deadline: { at: deadline },
    ancestry: { correlationId: correlationId(1), via: [] },
    info,
    replyHeaders,
    scope,
    logged: {}
  })
  const effect = Effect.suspend(() =>
    run(procedure!, {
      payload: { n: 1 },
      info,
      requestId: 7,
      scope,
      ownExit: undefined,
      instead: () => undefined,
      onStarted: (isForked) => void started.push(isForked),
      ...overrides
    })
  ).pipe(Effect.uninterruptible, Effect.provideContext(surroundings))
  return { effect, started, replyHeaders }
})

// As the runner forks it: what happens after an interruption is the root's to say.
const asServed = { startImmediately: true, uninterruptible: true } as const

const invoke = (handler: Handler, overrides?: Overrides) => invoking(plain.toLayer({ Add: handler }), overrides)

describe("a procedure", () => {
  it.effect("is its handler's exit, whatever that is", () =>
    Effect.gen(function* () {
      const exitOf = Effect.fnUntraced(function* (handler: Handler) {
        const { effect, started } = yield* invoke(handler)
        const exit = yield* effect
        assert.deepStrictEqual(started, [false])
        return exit
      })
      assert.deepStrictEqual(yield* exitOf(({ n }) => Effect.succeed(n + 1)), Exit.succeed(2))
      assert.deepStrictEqual(yield* exitOf(() => Effect.fail("no") as never), Exit.fail("no"))
      assert.deepStrictEqual(yield* exitOf(() => Effect.die("boom")), Exit.die("boom"))
      assert.isTrue(Exit.hasInterrupts(yield* exitOf(() => Effect.interrupt)))
    })
  )

  it.effect("dies when its handler throws instead of returning an effect", () =>
    Effect.gen(function* () {
      const { effect } = yield* invoke(() => {
        throw new TypeError("boom")
      })
      const exit = yield* effect
      assert.strictEqual(Exit.isFailure(exit) && String(Cause.squash(exit.cause)), "TypeError: boom")
    })
  )

  it.effect("waits for a deferred that its handler returns", () =>
    Effect.gen(function* () {
      const deferred = yield* Deferred.make<number>()
      const { effect } = yield* invoke(() => Effect.succeed(deferred) as never)
      const fiber = yield* Effect.forkChild(effect, asServed)
      assert.isUndefined(fiber.pollUnsafe())
      yield* Deferred.succeed(deferred, 9)
      assert.deepStrictEqual(yield* Fiber.join(fiber), Exit.succeed(9))
    })
  )

  it.effect("shows its handler the request, its time and its headers", () =>
    Effect.gen(function* () {
      const { effect, replyHeaders } = yield* invoke(
        (payload, { client, headers, requestId }) =>
          Effect.gen(function* () {
            assert.deepStrictEqual(payload, { n: 1 })
            assert.deepStrictEqual({ ...headers }, { "x-tenant": "a", "x-note": "é" })
            assert.strictEqual(String(requestId), "7")
            assert.strictEqual(Context.get(client.annotations, RequestInfo), info)
            assert.strictEqual(yield* RequestInfo, info)
            assert.isTrue(Option.isSome(yield* CallBudget.remaining))
            yield* ReplyHeaders.add("x-cost", "4")
            yield* ReplyHeaders.add("x-raw", Uint8Array.of(1))
            return 1
          }),
        { deadline: 500 }
      )
      assert.deepStrictEqual(yield* effect, Exit.succeed(1))
      assert.deepStrictEqual(
        replyHeaders.map(([name, value]) => [name, ...value]),
        [
          ["x-cost", 52],
          ["x-raw", 1]
        ]
      )
      // Outside a handler there is nothing to add to.
      yield* ReplyHeaders.add("x", "y")
      assert.isUndefined(yield* RequestInfo)
    })
  )

  it.effect("gives its handler the services that its layer was built with", () =>
    Effect.gen(function* () {
      const handlers = plain.toLayer(
        Effect.map(Database, (name) => ({
          Add: () => Effect.map(Database, (now) => (now === name ? 1 : 0))
        }))
      )
      const { effect } = yield* invoking(Layer.provideMerge(handlers, Layer.succeed(Database, "stock")))
      assert.deepStrictEqual(yield* effect, Exit.succeed(1))
    })
  )

  it.effect("has a scope of its own, closed before its exit is known, whatever that is", () =>
    Effect.gen(function* () {
      for (const ending of [Effect.succeed(1), Effect.die("boom"), Effect.interrupt, Effect.never]) {
        const order: Array<string> = []
        const { effect } = yield* invoke(
          () =>
            Effect.addFinalizer((exit) => Effect.sync(() => order.push(`closed ${exit._tag}`))).pipe(
              Effect.andThen(Effect.sync(() => order.push("ran"))),
              Effect.andThen(ending)
            ) as never
        )
        const fiber = yield* Effect.forkChild(effect, asServed)
        if (ending === Effect.never) fiber.interruptUnsafe()
        const exit = yield* Fiber.await(fiber)
        assert.isTrue(Exit.isSuccess(exit))
        assert.deepStrictEqual(order, ["ran", `closed ${Exit.isSuccess(exit) ? exit.value._tag : ""}`])
      }
    })
  )

  it.effect("ends as interrupted when it is, and by its own exit when its handler is declared uninterruptible", () =>
    Effect.gen(function* () {
      const interrupted = Effect.fnUntraced(function* (handler: (slow: Effect.Effect<number>) => ReturnType<Handler>) {
        const latch = yield* Deferred.make<void>()
        const { effect } = yield* invoke(() => handler(Effect.as(Deferred.await(latch), 1)))
        const fiber = yield* Effect.forkChild(effect, asServed)
        fiber.interruptUnsafe()
        yield* Deferred.succeed(latch, undefined)
        return yield* Fiber.join(fiber)
      })
      assert.isTrue(Exit.hasInterrupts(yield* interrupted(() => Effect.never)))
      assert.deepStrictEqual(yield* interrupted(Rpc.uninterruptible), Exit.succeed(1))
    })
  )

  it.effect("tells that its handler wants no part in the limits", () =>
    Effect.gen(function* () {
      const { effect, started } = yield* invoke(() => Rpc.fork(Effect.succeed(1)))
      assert.deepStrictEqual([yield* effect, started], [Exit.succeed(1), [true]])
    })
  )

  it("is absent when nobody gave a handler", () => {
    assert.isUndefined(procedureOf(operationsOf(plain)[0]!, Context.empty()))
  })
})

/** A guarded handler; the log tells who ran when. */
const guarding = (
  log: Array<string>,
  outer: (effect: Effect.Effect<any, any, any>) => Effect.Effect<any, any, any> = (effect) => effect
) => {
  const noting = (name: string) => (effect: Effect.Effect<any, any, any>, options: { readonly payload: unknown }) =>
    Effect.suspend(() => {
      log.push(`${name} ${JSON.stringify(options.payload)}`)
      return Effect.ensuring(
        effect,
        Effect.sync(() => log.push(`${name} done`))
      )
    })
  return Layer.mergeAll(
    guarded.toLayer({
      Add: ({ n }) =>
        Effect.sync(() => {
          log.push("handler")
          return n
        })
    }),
    Layer.succeed(Inner, Inner.of(noting("inner") as never)),
    Layer.succeed(
      Outer,
      Outer.of(((effect: never, options: never) => outer(noting("outer")(effect, options))) as never)
    )
  )
}

describe("the middleware of a procedure", () => {
  it.effect("runs around the handler, the last declared outermost, before it is said to have started", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const onStarted = () => void log.push("started")
      const { effect } = yield* invoking(guarding(log), { onStarted }, true)
      assert.deepStrictEqual(yield* effect, Exit.succeed(1))
      const payload = `{"n":1}`
      assert.deepStrictEqual(log, [
        `outer ${payload}`,
        `inner ${payload}`,
        "started",
        "handler",
        "inner done",
        "outer done"
      ])
    })
  )

  it.effect("keeps a refused request from its handler", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const { effect, started } = yield* invoking(
        guarding(log, () => Effect.fail(new Denied({}))),
        {},
        true
      )
      assert.deepStrictEqual(yield* effect, Exit.fail(new Denied({})))
      assert.deepStrictEqual([log, started], [[], []])
    })
  )

  it.effect("closes the scope after itself", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const scoped = (effect: Effect.Effect<any, any, any>) =>
        Effect.andThen(
          Effect.flatMap(Effect.scope, (scope) =>
            Scope.addFinalizer(
              scope,
              Effect.sync(() => log.push("closed"))
            )
          ),
          effect
        )
      const { effect } = yield* invoking(guarding(log, scoped), {}, true)
      yield* effect
      assert.deepStrictEqual(log.slice(-2), ["outer done", "closed"])
    })
  )
})
