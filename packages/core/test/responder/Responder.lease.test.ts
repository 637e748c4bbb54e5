import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Transport } from "../../src/kafka/Transport.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { begin, overMemory } from "./stuck.ts"

/** A transport whose memberships are certain until a test says otherwise. */
const leased = Effect.gen(function* () {
  const transport = yield* Transport
  let until = Number.POSITIVE_INFINITY
  const joinGroup: (typeof transport)["joinGroup"] = (options) =>
    Effect.map(transport.joinGroup(options), (member) => ({ ...member, leaseUntil: () => until }))
  return {
    transport: Transport.of({ ...transport, joinGroup }),
    lapse: Effect.sync(() => void (until = Number.NEGATIVE_INFINITY)),
    renew: Effect.sync(() => void (until = Number.POSITIVE_INFINITY))
  }
})

describe("a responder whose lease has run out", () => {
  overMemory(
    "begins nothing of what it has taken until a heartbeat is answered, and then all of it",
    Effect.gen(function* () {
      const contract = newContract()
      const { lapse, renew, transport } = yield* leased
      const begun: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const Work = ({ id }: { readonly id: string }) =>
        Effect.sync(() => void begun.push(id)).pipe(
          Effect.andThen(id === "first" ? Deferred.await(gate) : Effect.void),
          Effect.as(id)
        )
      yield* serve(contract, { Work }, { concurrency: 1 }).pipe(Effect.provideService(Transport, transport))
      const { client } = yield* connect(contract)
      const first = yield* begin(client.Work({ id: "first" }))
      yield* advance("10 millis")
      const second = yield* begin(client.Work({ id: "second" }))
      yield* advance("10 millis")
      yield* lapse
      yield* Deferred.succeed(gate, undefined)
      yield* advance("500 millis")
      // What runs goes on, and is answered.
      assert.strictEqual((yield* Fiber.join(first))._tag, "Success")
      assert.deepStrictEqual(begun, ["first"])
      yield* renew
      yield* advance("100 millis")
      assert.strictEqual((yield* Fiber.join(second))._tag, "Success")
      assert.deepStrictEqual(begun, ["first", "second"])
    })
  )
})
