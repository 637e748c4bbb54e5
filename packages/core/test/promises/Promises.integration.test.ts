/**
 * Promises, and two contracts in one program, over a real broker.
 */
import { assert, it } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../src/contract/Contract.ts"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { createClient } from "../../src/promises/Client.ts"
import { serve } from "../../src/promises/Server.ts"
import * as Requester from "../../src/requester/Requester.ts"
import * as Responder from "../../src/responder/Responder.ts"
import { newName } from "../suites/requestReply/programs.ts"
import { rejection } from "./fixtures.ts"

const Greet = Rpc.make("Greet", { payload: { name: Schema.String }, success: Schema.String })
const Pay = Rpc.make("Pay", { payload: { cents: Schema.Int }, success: Schema.Int })
const create = { topics: "create", partitions: 1 } as const

it("promises are kept over a real broker", async () => {
  const greeter = RpcGroup.make(Greet).annotate(Contract.Name, newName())
  const brokers = [...sharedBrokers]
  const waiting = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  await using server = await serve(
    greeter,
    {
      Greet: async ({ name }, { signal }) => {
        if (name !== "nobody") return `Hello, ${name}`
        signal.addEventListener("abort", () => aborted.resolve())
        waiting.resolve()
        await aborted.promise
        throw signal.reason
      }
    },
    { brokers, responder: create }
  )
  await using client = await createClient(greeter, { brokers, requester: create })
  assert.strictEqual(await client.Greet({ name: "Ada" }), "Hello, Ada")
  const controller = new AbortController()
  const call = client.Greet({ name: "nobody" }, { signal: controller.signal })
  await waiting.promise
  controller.abort(new Error("gone"))
  assert.strictEqual(((await rejection(call)) as Error).message, "gone")
  await aborted.promise
  await client.close()
  await server.close()
}, 60_000)

it.live(
  "two contracts are called by one requester and served by one responder layer over a real broker",
  () =>
    Effect.gen(function* () {
      const greeter = RpcGroup.make(Greet).annotate(Contract.Name, newName())
      const billing = RpcGroup.make(Pay).annotate(Contract.Name, newName())
      const handlers = Layer.mergeAll(
        greeter.toLayer({ Greet: ({ name }) => Effect.succeed(`Hello, ${name}`) }),
        billing.toLayer({ Pay: ({ cents }) => Effect.succeed(cents) })
      )
      const layers = Layer.mergeAll(
        Requester.layer([greeter, billing], create),
        Responder.layer([greeter, billing], create).pipe(Layer.provide(handlers))
      ).pipe(Layer.provide(KafkajsTransport.layer({ brokers: sharedBrokers, clientId: "two-contracts" })))
      const context = yield* Layer.build(layers)
      const hello = yield* Effect.provide(Requester.client(greeter), context)
      const bills = yield* Effect.provide(Requester.client(billing), context)
      assert.strictEqual(yield* hello.Greet({ name: "Ada" }), "Hello, Ada")
      assert.strictEqual(yield* bills.Pay({ cents: 7 }), 7)
    }),
  60_000
)
