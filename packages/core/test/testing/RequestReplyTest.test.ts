import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as RequestReplyTest from "../../src/testing/RequestReplyTest.ts"
import * as Requester from "../../src/requester/Requester.ts"
import { MemoryBroker } from "../../src/memory/MemoryBroker.ts"
import * as TestContract from "../suites/requestReply/TestContract.ts"
import { reasonOf } from "../suites/requestReply/failures.ts"

const contract = TestContract.named("contract")

const Handlers = contract.toLayer(
  TestContract.handlers({
    Work: ({ id }) => (id === "never" ? Effect.never : Effect.succeed(`done ${id}`)),
    Order: ({ id }) => Effect.fail(new TestContract.Refused({ why: `no ${id}`, isFinal: true }))
  })
)

it.effect("a client is served by the handlers in the context", () =>
  Effect.gen(function* () {
    const client = yield* RequestReplyTest.client(contract)
    assert.strictEqual(yield* client.Work({ id: "1" }), "done 1")
    assert.strictEqual((yield* Effect.flip(client.Order({ id: "1", amount: 1 }))).message, "no 1")
  }).pipe(Effect.provide(Handlers))
)

it.effect("time is the test's", () =>
  Effect.gen(function* () {
    const client = yield* RequestReplyTest.client(contract)
    const call = yield* Effect.forkChild(
      reasonOf(client.Work({ id: "never" }).pipe(Requester.withTimeout("1 minute"))),
      { startImmediately: true }
    )
    yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* Fiber.join(call))._tag, "Timeout")
  }).pipe(Effect.provide(Handlers))
)

it.effect("the broker is in the context for inspection", () =>
  Effect.gen(function* () {
    const broker = yield* MemoryBroker
    const client = yield* Requester.client(contract)
    yield* client.Work({ id: "1" })
    assert.strictEqual(broker.records("contract.requests").length, 1)
    assert.strictEqual(broker.records("contract.replies").length, 1)
  }).pipe(
    Effect.provide(RequestReplyTest.layer(contract, { requester: { timeout: "1 second" } })),
    Effect.provide(Handlers)
  )
)
