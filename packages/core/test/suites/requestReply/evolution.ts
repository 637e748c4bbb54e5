/**
 * Semantics 1. Two versions of a contract work together as far as their operations and fields go.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import { statusOf } from "./failures.ts"
import { type Law } from "./Harness.ts"
import { launch, newName } from "./programs.ts"

const Old = RpcGroup.make(
  Rpc.make("Book", {
    payload: { id: Schema.String, seats: Schema.Int },
    success: Schema.Struct({ id: Schema.String, price: Schema.Int }),
    primaryKey: ({ id }) => id
  })
)

const New = RpcGroup.make(
  Rpc.make("Book", {
    payload: { id: Schema.String, seats: Schema.Int, note: Schema.optionalKey(Schema.String) },
    success: Schema.Struct({ id: Schema.String, price: Schema.Int, currency: Schema.optionalKey(Schema.String) }),
    primaryKey: ({ id }) => id
  }),
  Rpc.make("Cancel", { payload: { id: Schema.String }, success: Schema.String })
)

const options = { topics: "create", drainTimeout: 0, partitions: 1 } as const

const serveOld = (name: string, notes: Array<unknown>) => {
  const group = Old.annotate(Contract.Name, name)
  const handlers = group.toLayer({
    Book: (payload) => {
      notes.push(payload)
      return Effect.succeed({ id: payload.id, price: 10 * payload.seats })
    }
  })
  return launch(Responder.layer(group, options).pipe(Layer.provide(handlers)))
}

const serveNew = (name: string, notes: Array<unknown>) => {
  const group = New.annotate(Contract.Name, name)
  const handlers = group.toLayer({
    Book: (payload) => {
      notes.push(payload)
      return Effect.succeed({ id: payload.id, price: 10 * payload.seats, currency: "EUR" })
    },
    Cancel: ({ id }) => Effect.succeed(`cancelled ${id}`)
  })
  return launch(Responder.layer(group, options).pipe(Layer.provide(handlers)))
}

const connectOld = Effect.fnUntraced(function* (name: string) {
  const group = Old.annotate(Contract.Name, name)
  const { context } = yield* launch(Requester.layer(group, options))
  return yield* Effect.provide(Requester.client(group), context)
})

const connectNew = Effect.fnUntraced(function* (name: string) {
  const group = New.annotate(Contract.Name, name)
  const { context } = yield* launch(Requester.layer(group, options))
  return yield* Effect.provide(Requester.client(group), context)
})

export const evolutionLaws = (law: Law): void => {
  law(
    "P4/evolution: an old requester is served by a new responder, and ignores what it does not know",
    Effect.gen(function* () {
      const name = newName()
      const notes: Array<unknown> = []
      yield* serveNew(name, notes)
      const client = yield* connectOld(name)
      assert.deepStrictEqual(yield* client.Book({ id: "1", seats: 2 }), { id: "1", price: 20 })
    })
  )

  law(
    "P4/evolution: a new requester is served by an old responder, which ignores what it does not know",
    Effect.gen(function* () {
      const name = newName()
      const notes: Array<unknown> = []
      yield* serveOld(name, notes)
      const client = yield* connectNew(name)
      assert.deepStrictEqual(yield* client.Book({ id: "1", seats: 2, note: "window" }), { id: "1", price: 20 })
      assert.notProperty(notes[0], "note")
      assert.strictEqual(yield* statusOf(client.Cancel({ id: "1" })), "unimplemented")
    })
  )

  law(
    "P4/evolution: what a responder does not know makes no difference to deduplication",
    Effect.gen(function* () {
      const name = newName()
      const notes: Array<unknown> = []
      yield* serveOld(name, notes)
      const newer = yield* connectNew(name)
      const older = yield* connectOld(name)
      yield* newer.Book({ id: "1", seats: 2, note: "window" })
      yield* newer.Book({ id: "1", seats: 2, note: "aisle" })
      yield* older.Book({ id: "1", seats: 2 })
      assert.strictEqual(notes.length, 1)
      assert.strictEqual(yield* statusOf(older.Book({ id: "1", seats: 3 })), "key-conflict")
    })
  )

  law(
    "P4/evolution: old and new on both sides at one time",
    Effect.gen(function* () {
      const name = newName()
      const notes: Array<unknown> = []
      yield* serveOld(name, notes)
      yield* serveNew(name, notes)
      const older = yield* connectOld(name)
      const newer = yield* connectNew(name)
      for (const id of ["a", "b", "c", "d"]) {
        assert.deepInclude(yield* older.Book({ id: `old ${id}`, seats: 1 }), { id: `old ${id}`, price: 10 })
        assert.deepInclude(yield* newer.Book({ id: `new ${id}`, seats: 1, note: "x" }), { id: `new ${id}`, price: 10 })
      }
      assert.strictEqual(notes.length, 8)
    })
  )
}
