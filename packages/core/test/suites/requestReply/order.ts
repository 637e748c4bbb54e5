/**
 * P8. Requests of one key run in order; requests of different keys run at the same time, more than there are partitions.
 */
import { assert } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Requester from "../../../src/requester/Requester.ts"
import { type Law, until } from "./Harness.ts"
import { connect, newContract, pair, serve } from "./programs.ts"

const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)
const numbers = Array.from({ length: 40 }, (_, seq) => seq)

export const orderLaws = (law: Law): void => {
  law(
    "P8/order: requests of one key run one after the other in the order of the calls, other keys go on meanwhile",
    Effect.gen(function* () {
      const lists = new Map<string, Array<number>>(keys.map((key) => [key, []]))
      const running = new Map<string, number>()
      let together = 0
      let most = 0
      const { client } = yield* pair({
        Append: ({ key, seq }) =>
          Effect.gen(function* () {
            assert.isFalse(running.has(key), `${key} runs twice at once`)
            running.set(key, seq)
            together++
            most = Math.max(most, together)
            for (let turns = 0; turns <= (seq * 7 + key.length) % 5; turns++) yield* Effect.yieldNow
            lists.get(key)!.push(seq)
            running.delete(key)
            together--
            return String(seq)
          })
      })
      const calls = numbers.flatMap((seq) => keys.map((key) => ({ key, seq })))
      const fibers = yield* Effect.forEach(calls, ({ key, seq }) =>
        Effect.forkChild(client.Append({ key, seq }).pipe(Requester.withRoutingKey(key)), { startImmediately: true })
      )
      yield* Effect.forEach(fibers, Fiber.join)
      for (const key of keys) assert.deepStrictEqual(lists.get(key), numbers)
      assert.isAbove(most, 3)
    })
  )

  law(
    "P8/order: a key whose handler is busy holds up no other key, not even of its partition",
    Effect.gen(function* () {
      const contract = newContract()
      const gate = yield* Deferred.make<void>()
      yield* serve(
        contract,
        {
          Append: ({ key, seq }) => Effect.as(key === "slow" ? Deferred.await(gate) : Effect.void, `${key} ${seq}`)
        },
        { partitions: 1 }
      )
      const { client } = yield* connect(contract, { partitions: 1 })
      const append = (key: string, seq: number) => client.Append({ key, seq }).pipe(Requester.withRoutingKey(key))
      const slow = yield* Effect.forEach([1, 2], (seq) =>
        Effect.forkChild(append("slow", seq), { startImmediately: true })
      )
      for (const seq of [1, 2, 3]) assert.strictEqual(yield* append("quick", seq), `quick ${seq}`)
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(slow, Fiber.join), ["slow 1", "slow 2"])
    })
  )

  law(
    "P8/order: the primary key is the routing key unless the call names another",
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const ran: Array<number> = []
      const { client } = yield* pair({
        Order: ({ amount }) =>
          Effect.suspend(() => {
            ran.push(amount)
            return Effect.as(Deferred.await(gate), "done")
          })
      })
      const order = (id: string, amount: number, key?: string) => {
        const call = client.Order({ id, amount })
        return Effect.forkChild(key === undefined ? call : call.pipe(Requester.withRoutingKey(key)), {
          startImmediately: true
        })
      }
      const calls = [yield* order("a", 1), yield* order("b", 2), yield* order("c", 3, "a"), yield* order("d", 4)]
      yield* until("all but the one behind a run", () => ran.length === 3)
      assert.sameMembers(ran, [1, 2, 4])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual(ran.at(-1), 3)
    })
  )

  law(
    "P8/order: several responders share the partitions, and every request runs once",
    Effect.gen(function* () {
      const contract = newContract()
      const ran: Array<string> = []
      const workers = new Map<string, number>()
      const worker = (name: string) => ({
        Work: ({ id }: { readonly id: string }) =>
          Effect.sync(() => {
            ran.push(id)
            workers.set(name, (workers.get(name) ?? 0) + 1)
            return `done ${id}`
          })
      })
      for (const name of ["a", "b", "c"]) yield* serve(contract, worker(name))
      const { client } = yield* connect(contract)
      const ids = Array.from({ length: 90 }, (_, index) => String(index))
      yield* Effect.forEach(ids, (id) => client.Work({ id }), { concurrency: "unbounded" })
      assert.sameMembers(ran, ids)
      // Requests without a key go to the partitions in turn, and each of three members has one of three.
      assert.deepStrictEqual([...workers.values()], [30, 30, 30])
    })
  )
}
