import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Transport } from "../../src/transport/Transport.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { connect, newBench, serve } from "../suites/requestReply/programs.ts"
import { overMemory } from "./stuck.ts"

/** The group's coordinator takes requests and never answers, from `freeze` on. */
const frozen = Effect.gen(function* () {
  const transport = yield* Transport
  let isFrozen = false
  const unless = <A, E>(effect: Effect.Effect<A, E>) => Effect.suspend(() => (isFrozen ? Effect.never : effect))
  const joinGroup: (typeof transport)["joinGroup"] = (options) =>
    Effect.map(transport.joinGroup(options), (member) => ({
      ...member,
      commit: (offsets) => unless(member.commit(offsets)),
      leave: unless(member.leave),
      stopFetching: unless(member.stopFetching)
    }))
  return { transport: Transport.of({ ...transport, joinGroup }), freeze: Effect.sync(() => (isFrozen = true)) }
})

describe("closing a responder", () => {
  overMemory(
    "ends in time though the coordinator answers nothing",
    Effect.gen(function* () {
      const bench = newBench()
      const { freeze, transport } = yield* frozen
      const { stop } = yield* serve(
        bench,
        { Work: ({ id }) => Effect.succeed(id) },
        { drainTimeout: "3 seconds", commitInterval: "1 minute" }
      ).pipe(Effect.provideService(Transport, transport))
      const { client } = yield* connect(bench)
      assert.strictEqual(yield* client.Work({ id: "1" }), "1")
      yield* freeze
      const stopped = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* Effect.repeat(advance("1 second"), { times: 5 })
      assert.isDefined(stopped.pollUnsafe())
      yield* Fiber.join(stopped)
    })
  )
})
