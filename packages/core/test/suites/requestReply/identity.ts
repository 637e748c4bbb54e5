/**
 * P4. Who asks is a part of the key, where the contract says so: what one caller is answered is for no other.
 */
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as RpcMiddleware from "effect/rpc/RpcMiddleware"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { advance, type Law, until } from "./Harness.ts"
import { launch, newName } from "./programs.ts"

class CurrentUser extends Context.Service<CurrentUser, { readonly name: string }>()("test/identity/CurrentUser") {}

class Login extends RpcMiddleware.Service<Login, { provides: CurrentUser }>()("test/identity/Login") {}

const payload = { id: Schema.String }

const Open = Rpc.make("Open", { payload, success: Schema.String, primaryKey: ({ id }) => id })
  .annotate(Contract.Identity, ({ service }) => service(CurrentUser).name)
  .middleware(Login)

/** Without a middleware that says who asks. */
const Lost = Rpc.make("Lost", { payload, success: Schema.String, primaryKey: ({ id }) => id }).annotate(
  Contract.Identity,
  ({ service }) => service(CurrentUser).name
)

const options = { topics: "create", drainTimeout: 0, partitions: 1 } as const

/** A responder whose runs go on while they are held, and who ran. */
const bank = Effect.gen(function* () {
  const group = RpcGroup.make(Open, Lost).annotate(Contract.Name, newName())
  const runs: Array<string> = []
  const gate = yield* Deferred.make<void>()
  const server = Layer.merge(
    Layer.succeed(Login, (next, { headers }) =>
      Effect.provideService(next, CurrentUser, { name: headers["x-user"] ?? "nobody" })
    ),
    group.toLayer({
      Open: ({ id }) =>
        Effect.gen(function* () {
          const { name } = yield* CurrentUser
          runs.push(name)
          if (id === "held") yield* Deferred.await(gate)
          return `the account of ${name}`
        }),
      Lost: () => Effect.die("nobody is known")
    })
  )
  yield* launch(Responder.layer(group, { ...options, hideDefects: false }).pipe(Layer.provide(server)))
  const { context } = yield* launch(Requester.layer(group, options))
  const client = yield* Effect.provide(Requester.client(group), context)
  const open = (user: string, id: string) => client.Open({ id }, { headers: { "x-user": user } })
  return { client, open, runs, release: Deferred.succeed(gate, undefined) }
})

export const identityLaws = (law: Law): void => {
  law(
    "P4/identity: two users with one key never share a kept answer, and one user has one run",
    Effect.gen(function* () {
      const { open, runs } = yield* bank
      for (const user of ["alice", "bob", "alice", "bob"]) {
        assert.strictEqual(yield* open(user, "1"), `the account of ${user}`)
      }
      assert.deepStrictEqual(runs, ["alice", "bob"])
    })
  )

  law(
    "P4/identity: nobody joins the run of another user, and who is the same joins it",
    Effect.gen(function* () {
      const { open, release, runs } = yield* bank
      const start = (user: string) => Effect.forkChild(open(user, "held"), { startImmediately: true })
      const first = yield* start("alice")
      yield* until("the first one runs", () => runs.length === 1)
      const others = yield* Effect.forEach(["bob", "alice", "bob"], start)
      yield* advance("200 millis")
      yield* release
      const names = yield* Effect.forEach([first, ...others], (fiber) => Fiber.join(fiber))
      assert.deepStrictEqual(
        names,
        ["alice", "bob", "alice", "bob"].map((user) => `the account of ${user}`)
      )
      assert.deepStrictEqual(runs, ["alice", "bob"])
    })
  )

  law(
    "P4/identity: where nobody says who asks the call is a defect, and nothing of the handler runs",
    Effect.gen(function* () {
      const { client } = yield* bank
      const exit = yield* Effect.exit(client.Lost({ id: "1" }))
      assert(Exit.isFailure(exit))
      assert.include(String(exit.cause), "which no middleware of the operation provides")
    })
  )
}
