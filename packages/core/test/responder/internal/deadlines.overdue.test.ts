import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Requester from "../../../src/requester/Requester.ts"
import * as ResponderMetrics from "../../../src/telemetry/ResponderMetrics.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { advance, until } from "../../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../../suites/requestReply/programs.ts"
import { bytes, namesOf, post, replyIn, watch } from "../../suites/requestReply/topics.ts"
import { begin, committed, overMemory } from "../stuck.ts"

const hung = (started: Array<string>, id: string) =>
  Effect.uninterruptible(
    Effect.andThen(
      Effect.sync(() => started.push(id)),
      Effect.never
    )
  )

describe("a handler that neither ends nor can be interrupted", () => {
  overMemory(
    "does not hold the offsets of requests that joined its run",
    Effect.gen(function* () {
      const contract = newContract()
      const started: Array<string> = []
      yield* serve(contract, { Order: ({ id }) => hung(started, id) })
      const { client } = yield* connect(contract)
      yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* until("it runs", () => started.length === 1)
      yield* begin(client.Order({ id: "a", amount: 1 }))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(contract)), 2)
      assert.deepStrictEqual(started, ["a"])
    })
  )

  overMemory(
    "does not hold the offsets of requests that wait behind it",
    Effect.gen(function* () {
      const contract = newContract()
      const started: Array<string> = []
      yield* serve(contract, { Append: ({ key }) => hung(started, key) })
      const { client } = yield* connect(contract)
      const append = (seq: number) => client.Append({ key: "hot", seq }).pipe(Requester.withRoutingKey("hot"))
      yield* begin(append(1))
      yield* until("it runs", () => started.length === 1)
      yield* begin(append(2))
      yield* advance("30 seconds")
      assert.strictEqual(yield* committed(namesOf(contract)), 2)
      assert.strictEqual(started.length, 1)
    })
  )
})

describe("a handler that outlasts its time", () => {
  overMemory(
    "is counted and told of until it ends, when it cannot be stopped",
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      const contract = newContract()
      const gate = yield* Deferred.make<void>()
      const started: Array<string> = []
      const overdue = Effect.map(Metric.value(ResponderMetrics.overdue), ({ value }) => value)
      const before = yield* overdue
      yield* serve(contract, {
        Work: ({ id }) => {
          started.push(id)
          return Effect.as(id === "stuck" ? Effect.uninterruptible(Deferred.await(gate)) : Effect.never, id)
        }
      }).pipe(Effect.provide(Logger.layer([logger])))
      const { client } = yield* connect(contract)
      yield* begin(client.Work({ id: "slow" }))
      yield* begin(client.Work({ id: "stuck" }))
      yield* until("both run", () => started.length === 2)
      yield* advance("5 seconds")
      assert.strictEqual(yield* overdue, before)
      yield* advance("2 seconds")
      assert.strictEqual(yield* overdue, before + 1)
      assert.strictEqual(lines.filter((line) => line.startsWith("a handler cannot be stopped")).length, 1)
      yield* Deferred.succeed(gate, undefined)
      yield* advance("1 millis")
      assert.strictEqual(yield* overdue, before)
    })
  )
})

describe("a handler that hangs while requests for its key keep coming", () => {
  overMemory(
    "holds the offset of none of them longer than its deadline and the allowance",
    Effect.gen(function* () {
      const contract = newContract()
      const started: Array<string> = []
      yield* serve(contract, {
        Order: ({ id }) =>
          Effect.andThen(
            Effect.sync(() => started.push(id)),
            Effect.never
          )
      })
      const { client } = yield* connect(contract)
      for (let asked = 0; asked < 30; asked++) {
        yield* begin(client.Order({ id: "a", amount: 1 }))
        yield* advance("1 second")
      }
      // A run past its first deadline is interrupted, and whoever waits for it then runs anew.
      assert.isAtLeast(started.length, 3)
      // Each may be open for ten seconds.
      assert.isAtLeast(yield* committed(namesOf(contract)), 20)
    })
  )
})

describe("a request that is overdue", () => {
  overMemory(
    "is one abandoned reply, also when its handler ends after all",
    Effect.gen(function* () {
      const contract = newContract()
      const abandoned = Effect.map(Metric.value(ResponderMetrics.repliesAbandoned), ({ count }) => count)
      const before = yield* abandoned
      const outcomes: Array<string> = []
      const onAnswered = ({ outcome }: { readonly outcome: string }) => void outcomes.push(outcome)
      yield* serve(
        contract,
        { Work: ({ id }) => Effect.uninterruptible(Effect.delay(Effect.succeed(id), "20 seconds")) },
        { onAnswered }
      )
      const { client } = yield* connect(contract, { cancelOnInterrupt: false })
      yield* begin(client.Work({ id: "1" }))
      yield* begin(client.Work({ id: "2" }, { discard: true }))
      yield* Effect.repeat(advance("10 seconds"), { times: 3 })
      assert.deepStrictEqual(outcomes, ["expired", "expired"])
      // The discarded call was told that it has started: all it asked for.
      assert.strictEqual((yield* abandoned) - before, 1)
      assert.strictEqual(yield* committed(namesOf(contract)), 2)
    })
  )
})

describe("a request whose time is up when it comes", () => {
  overMemory(
    "is given up at once, though the handler before it never ends",
    Effect.gen(function* () {
      const contract = newContract()
      const names = namesOf(contract)
      const started: Array<string> = []
      yield* serve(contract, { Append: ({ key }) => hung(started, key) }, { partitions: 1 })
      const { client } = yield* connect(contract, { partitions: 1 })
      yield* begin(client.Append({ key: "hot", seq: 1 }).pipe(Requester.withRoutingKey("hot")))
      yield* until("it runs", () => started.length === 1)
      const headers = RequestEnvelope.encode({
        operation: "Append",
        deadline: 5_000,
        timeout: 0,
        attempt: 1,
        correlationId: Uint8Array.of(1),
        replyTo: { topic: names.replies, partition: 0 }
      })
      yield* post(names.requests, { headers, value: bytes(JSON.stringify({ key: "hot", seq: 2 })), key: "hot" })
      const replies = yield* watch(names.replies)
      yield* advance("1 second")
      assert.deepStrictEqual(
        replies.map((reply) => replyIn(reply).status),
        ["expired"]
      )
      yield* advance("10 seconds")
    })
  )
})
