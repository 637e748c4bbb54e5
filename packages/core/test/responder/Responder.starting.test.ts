import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Transport } from "../../src/kafka/Transport.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { begin, overMemory } from "./stuck.ts"

/** Whoever joins is told a second after its first records have come. */
const lateToTell = Effect.map(Transport, (transport) =>
  Transport.of({
    ...transport,
    joinGroup: (options) => Effect.tap(transport.joinGroup(options), () => Effect.sleep("1 second"))
  })
)

describe("starting a responder", () => {
  overMemory(
    "goes on fetching when there was room again before it knew that it had joined",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract, { partitions: 1 })
      const calls = yield* Effect.forEach(["1", "2", "3", "4"], (id) => begin(client.Work({ id })))
      yield* advance("100 millis")
      const late = yield* lateToTell
      const serving = yield* Effect.forkChild(
        serve(
          contract,
          { Work: ({ id }) => Effect.delay(Effect.succeed(id), "100 millis") },
          { partitions: 1, concurrency: 1, maxWaiting: 1 }
        ).pipe(Effect.provideService(Transport, late)),
        { startImmediately: true }
      )
      yield* Effect.repeat(advance("500 millis"), { times: 7 })
      yield* Fiber.join(serving)
      const exits = yield* Fiber.awaitAll(calls)
      assert.deepStrictEqual(
        exits.map((exit) => (exit._tag === "Success" ? exit.value._tag : exit._tag)),
        ["Success", "Success", "Success", "Success"]
      )
    })
  )
})
