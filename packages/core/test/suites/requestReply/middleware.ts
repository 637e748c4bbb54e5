/**
 * Middleware on both sides: its order, its errors, its headers, and that nothing of a handler runs for a refused request.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { type Law } from "./Harness.ts"
import { launch, newName } from "./programs.ts"

class Denied extends Schema.TaggedError<Denied>("test/Denied")("Denied", { who: Schema.String }) {}

class CurrentUser extends Context.Service<CurrentUser, { readonly name: string }>()("test/CurrentUser") {}

class Outer extends RpcMiddleware.Service<Outer>()("test/Outer", { requiredForClient: true }) {}

class Login extends RpcMiddleware.Service<Login, { provides: CurrentUser }>()("test/Login", {
  error: Denied,
  requiredForClient: true
}) {}

const Club = RpcGroup.make(
  Rpc.make("Enter", { payload: { id: Schema.String }, success: Schema.String, primaryKey: ({ id }) => id })
    .middleware(Login)
    .middleware(Outer)
)

const options = { topics: "create", drainTimeout: 0, partitions: 1 } as const

const club = Effect.fnUntraced(function* (user: string, trace: Array<string>, caller: () => string = () => user) {
  const group = Club.annotate(Contract.Name, newName())
  const server = Layer.mergeAll(
    Layer.succeed(Login, (next, { headers }) => {
      trace.push("server login")
      const name = headers["x-user"] ?? "nobody"
      return name === "mallory"
        ? Effect.fail(new Denied({ who: name }))
        : Effect.provideService(next, CurrentUser, { name })
    }),
    Layer.succeed(Outer, (next) => {
      trace.push("server outer")
      if (user === "clumsy" && trace.length < 5) throw new TypeError("a synchronous throw")
      return next
    }),
    group.toLayer({
      Enter: ({ id }) => {
        trace.push("handler")
        return Effect.map(CurrentUser, ({ name }) => `${name} ${id}`)
      }
    })
  )
  yield* launch(Responder.layer(group, { ...options, hideDefects: false }).pipe(Layer.provide(server)))
  const client = Layer.mergeAll(
    RpcMiddleware.layerClient(Login, ({ next, request }) => {
      trace.push("client login")
      return next({ ...request, headers: Headers.set(request.headers, "x-user", caller()) })
    }),
    RpcMiddleware.layerClient(Outer, ({ next, request }) => {
      trace.push("client outer")
      return Effect.tap(
        next(request),
        Effect.sync(() => trace.push("client has the reply"))
      )
    })
  )
  const { context } = yield* launch(Layer.merge(Requester.layer(group, options), client))
  return yield* Effect.provide(Requester.client(group), context)
})

export const middlewareLaws = (law: Law): void => {
  law(
    "P4/middleware: the first declared is innermost on both sides, and the client's sees the reply",
    Effect.gen(function* () {
      const trace: Array<string> = []
      const client = yield* club("alice", trace)
      assert.strictEqual(yield* client.Enter({ id: "1" }), "alice 1")
      assert.deepStrictEqual(trace, [
        "client outer",
        "client login",
        "server outer",
        "server login",
        "handler",
        "client has the reply"
      ])
    })
  )

  law(
    "P4/middleware: its error arrives as itself, and nothing of the handler runs",
    Effect.gen(function* () {
      const trace: Array<string> = []
      const client = yield* club("mallory", trace)
      const error = yield* Effect.flip(client.Enter({ id: "1" }))
      assert.deepStrictEqual(error as unknown, new Denied({ who: "mallory" }))
      assert.notInclude(trace, "handler")
    })
  )

  law(
    "P4/middleware: one that throws is a defect of the call, and the next call runs",
    Effect.gen(function* () {
      const trace: Array<string> = []
      const client = yield* club("clumsy", trace)
      const exit = yield* Effect.exit(client.Enter({ id: "1" }))
      assert(Exit.isFailure(exit))
      assert.isTrue(Cause.hasDies(exit.cause))
      assert.strictEqual((Cause.squash(exit.cause) as Error).message, "a synchronous throw")
      assert.notInclude(trace, "server login")
      assert.strictEqual(yield* client.Enter({ id: "1" }), "clumsy 1")
    })
  )

  law(
    "P4/authorization: a stored reply is given only to a request that passes the middleware",
    Effect.gen(function* () {
      const trace: Array<string> = []
      let caller = "alice"
      const client = yield* club("alice", trace, () => caller)
      assert.strictEqual(yield* client.Enter({ id: "1" }), "alice 1")
      caller = "mallory"
      const error = yield* Effect.flip(client.Enter({ id: "1" }))
      assert.deepStrictEqual(error as unknown, new Denied({ who: "mallory" }))
      // The reply was there: a caller that passes gets it, and nothing runs again.
      caller = "bob"
      assert.strictEqual(yield* client.Enter({ id: "1" }), "alice 1")
      assert.lengthOf(
        trace.filter((step) => step === "handler"),
        1
      )
    })
  )
}
