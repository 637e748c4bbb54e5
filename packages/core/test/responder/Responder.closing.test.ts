import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as ResponderMetrics from "../../src/telemetry/ResponderMetrics.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import { advance, until } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { begin, overMemory } from "./stuck.ts"

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
      const contract = newContract()
      const { freeze, transport } = yield* frozen
      const { stop } = yield* serve(
        contract,
        { Work: ({ id }) => Effect.succeed(id) },
        { drainTimeout: "3 seconds", commitInterval: "1 minute" }
      ).pipe(Effect.provideService(Transport, transport))
      const { client } = yield* connect(contract)
      assert.strictEqual(yield* client.Work({ id: "1" }), "1")
      yield* freeze
      const stopped = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* Effect.repeat(advance("1 second"), { times: 5 })
      assert.isDefined(stopped.pollUnsafe())
      yield* Fiber.join(stopped)
    })
  )

  overMemory(
    "commits nothing more once it has left the group, though handlers end after that",
    Effect.gen(function* () {
      const contract = newContract()
      const failed = Effect.map(Metric.value(ResponderMetrics.commitFailures), ({ count }) => count)
      const before = yield* failed
      const releases = new Map<string, Deferred.Deferred<void>>()
      const Work = ({ id }: { readonly id: string }) => {
        const release = Deferred.makeUnsafe<void>()
        releases.set(id, release)
        return Effect.as(Deferred.await(release), id)
      }
      const { stop } = yield* serve(
        contract,
        { Work },
        { drainTimeout: "10 seconds", quiesceTimeout: "1 second", commitInterval: "250 millis" }
      )
      const { client } = yield* connect(contract)
      const first = yield* Effect.forkChild(client.Work({ id: "1" }), { startImmediately: true })
      const last = yield* Effect.forkChild(client.Work({ id: "2" }), { startImmediately: true })
      yield* until("both run", () => releases.size === 2)
      const stopped = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("2 seconds")
      yield* Deferred.succeed(releases.get("1")!, undefined)
      assert.strictEqual(yield* Fiber.join(first), "1")
      yield* Effect.repeat(advance("250 millis"), { times: 5 })
      yield* Deferred.succeed(releases.get("2")!, undefined)
      assert.strictEqual(yield* Fiber.join(last), "2")
      yield* Fiber.join(stopped)
      assert.strictEqual(yield* failed, before)
    })
  )

  overMemory(
    "ends as soon as the handlers that it interrupts have ended",
    Effect.gen(function* () {
      const contract = newContract()
      let isRunning = false
      // Takes a while to clean up.
      const working = Effect.andThen(
        Effect.sync(() => (isRunning = true)),
        Effect.onInterrupt(Effect.never, () => Effect.sleep("100 millis"))
      )
      const { stop } = yield* serve(
        contract,
        { Work: () => working },
        { drainTimeout: "1 second", quiesceTimeout: "1 second" }
      )
      const { client } = yield* connect(contract)
      yield* begin(client.Work({ id: "1" }))
      yield* until("it runs", () => isRunning)
      const stopped = yield* Effect.forkChild(stop, { startImmediately: true })
      yield* advance("1 second")
      yield* advance("99 millis")
      assert.isUndefined(stopped.pollUnsafe())
      yield* advance("1 millis")
      assert.isDefined(stopped.pollUnsafe())
    })
  )
})
