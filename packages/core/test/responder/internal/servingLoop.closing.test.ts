import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { AttemptTable } from "../../../src/responder/internal/attemptTable.ts"
import { DedupeTable } from "../../../src/responder/internal/dedupeTable.ts"
import * as ServeRecorder from "../../../src/responder/internal/serveRecorder.ts"
import * as ServingLoop from "../../../src/responder/internal/servingLoop.ts"
import { timesOf } from "../../../src/responder/internal/times.ts"
import { defaults } from "../../../src/responder/Options.ts"
import { ScriptedPublisher } from "../../requester/engine.ts"
import { recordAt, requestHeaders } from "../fixtures.ts"

const assignment = [{ topic: "stock.requests", partition: 0, committed: 0, metadata: "" }]

describe("a responder whose group rebalances", () => {
  it.effect.each([
    ["takes records of its next assignment", false, 1],
    ["takes none any more when it is closing", true, 0]
  ] as const)("%s", ([, isForGood, taken]) =>
    Effect.gen(function* () {
      const loop = yield* ServingLoop.make({
        options: defaults,
        times: timesOf(defaults),
        procedures: new Map(),
        publisher: new ScriptedPublisher(),
        recorder: yield* ServeRecorder.make,
        dedupe: new DedupeTable(1),
        attempts: new AttemptTable(1, 0),
        deadLetters: undefined,
        origin: { from: "here", ctl: 0 },
        onProgress: () => {},
        onRoom: () => {}
      })
      loop.onAssigned(assignment)
      loop.hold(isForGood)
      // Its drain may hold the group for a while, and the group may give it partitions meanwhile.
      loop.hold()
      loop.onAssigned(assignment)
      assert.strictEqual(loop.onRecords([recordAt(0, { headers: requestHeaders() })]), taken)
    })
  )
})
