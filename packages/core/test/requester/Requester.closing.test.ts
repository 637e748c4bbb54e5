import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Requester from "../../src/requester/Requester.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { begin, overMemory } from "../responder/stuck.ts"
import { advance, until } from "../suites/requestReply/Harness.ts"
import { launch, newContract, serve } from "../suites/requestReply/programs.ts"

/** A transport of its own over the broker of all, as another program has one. */
const ownTransport = Layer.fresh(
  Layer.effect(
    Transport,
    Effect.flatMap(MemoryTransport.makeLink, (link) => MemoryTransport.make(link))
  )
)

/** Takes cancels, and never says what became of them. */
const withoutCancels = Layer.effect(
  Transport,
  Effect.map(Transport, (transport) => {
    const { link } = transport
    const send: (typeof link)["send"] = (leader, batches, timeoutMillis) =>
      batches.some(({ topic }) => topic.endsWith(".control")) ? Effect.never : link.send(leader, batches, timeoutMillis)
    return Transport.of({ ...transport, link: { ...link, send } })
  })
)

describe("a requester", () => {
  overMemory(
    "closes within a second, however many contracts have cancels that cannot be written",
    Effect.gen(function* () {
      const [first, ...others] = [newContract(), newContract(), newContract()] as const
      const layer = Requester.layer([first, ...others], { topics: "create" }).pipe(Layer.provide(withoutCancels))
      const { context, stop } = yield* launch(layer)
      for (const contract of [first, ...others]) {
        const client = yield* Effect.provide(Requester.client(contract), context)
        const call = yield* begin(client.Work({ id: "1" }))
        yield* advance(0)
        yield* Fiber.interrupt(call)
      }
      const stopped = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("999 millis")
      assert.isUndefined(stopped.pollUnsafe())
      yield* advance("1 millis")
      assert.isDefined(stopped.pollUnsafe())
    })
  )
})

describe("a requester's program", () => {
  overMemory(
    "cancels what it has called when it is interrupted as a whole",
    Effect.gen(function* () {
      const contract = newContract()
      const log: Array<string> = []
      const Work = () =>
        Effect.sync(() => void log.push("runs")).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Effect.sync(() => void log.push("interrupted")))
        )
      yield* serve(contract, { Work })
      const program = Effect.flatMap(Requester.client(contract), (client) => client.Work({ id: "1" })).pipe(
        Effect.provide(Requester.layer(contract, { topics: "create" }).pipe(Layer.provide(ownTransport)))
      )
      const running = yield* Effect.forkChild(program, { startImmediately: true })
      yield* until("the handler runs", () => log.length === 1)
      yield* Fiber.interrupt(running)
      yield* until("the handler is interrupted", () => log.length === 2)
      assert.deepStrictEqual(log, ["runs", "interrupted"])
    })
  )
})
