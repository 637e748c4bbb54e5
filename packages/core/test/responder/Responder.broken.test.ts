import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Transport } from "../../src/kafka/Transport.ts"
import { advance, until } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { begin, overMemory } from "./stuck.ts"

/** A member whose lease cannot be told any more, from `spoil` on: the machine's turns fail. */
const spoiled = Effect.gen(function* () {
  const transport = yield* Transport
  let isSpoiled = false
  const joinGroup: (typeof transport)["joinGroup"] = (options) =>
    Effect.map(transport.joinGroup(options), (member) => ({
      ...member,
      leaseUntil: () => {
        if (isSpoiled) throw new Error("a bug")
        return member.leaseUntil()
      }
    }))
  return { transport: Transport.of({ ...transport, joinGroup }), spoil: () => void (isSpoiled = true) }
})

describe("a responder whose bookkeeping is broken", () => {
  overMemory(
    "interrupts what runs, and waits for nothing else when it closes",
    Effect.gen(function* () {
      const contract = newContract()
      const { spoil, transport } = yield* spoiled
      let running = 0
      const Work = () =>
        Effect.ensuring(
          Effect.andThen(
            Effect.sync(() => running++),
            Effect.never
          ),
          Effect.sync(() => running--)
        )
      const { stop } = yield* serve(contract, { Work }, { drainTimeout: "25 seconds" }).pipe(
        Effect.provideService(Transport, transport)
      )
      const { client } = yield* connect(contract)
      yield* begin(client.Work({ id: "1" }))
      yield* until("it runs", () => running === 1)
      spoil()
      yield* begin(client.Work({ id: "2" }))
      yield* until("it is interrupted", () => running === 0)
      const since = yield* Clock.currentTimeMillis
      const closed = yield* Effect.forkChild(Effect.andThen(stop, Clock.currentTimeMillis), { startImmediately: true })
      yield* Effect.repeat(advance("1 second"), { times: 40 })
      assert.isAtMost((yield* Fiber.join(closed)) - since, 1_000)
    })
  )
})
