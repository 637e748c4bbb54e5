import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as DeadLetters from "../../../src/responder/internal/deadLetters.ts"
import { AttemptTable } from "../../../src/responder/internal/attemptTable.ts"
import { DedupeTable } from "../../../src/responder/internal/dedupeTable.ts"
import * as ServeRecorder from "../../../src/responder/internal/serveRecorder.ts"
import * as ServingLoop from "../../../src/responder/internal/servingLoop.ts"
import { timesOf } from "../../../src/responder/internal/times.ts"
import { defaults } from "../../../src/responder/Options.ts"
import { ScriptedPublisher } from "../../requester/engine.ts"

const batch = {
  topic: "stock.requests",
  partition: 0,
  firstOffset: 3,
  lastOffset: 12,
  timestamp: 1,
  reason: "its compression is not known",
  bytes: Uint8Array.of(1, 2, 3)
}

const serve = Effect.fnUntraced(function* (deadLetterTopic: string | undefined) {
  const publisher = new ScriptedPublisher()
  const loop = yield* ServingLoop.make({
    options: defaults,
    times: timesOf(defaults),
    procedures: new Map(),
    publisher,
    recorder: yield* ServeRecorder.make,
    dedupe: new DedupeTable(1),
    attempts: new AttemptTable(1, 0),
    deadLetters:
      deadLetterTopic === undefined
        ? undefined
        : DeadLetters.make(
            deadLetterTopic,
            publisher,
            () => 0,
            () => {}
          ),
    origin: { from: "here", ctl: 0 },
    onProgress: () => {},
    onRoom: () => {}
  })
  loop.onAssigned([{ topic: batch.topic, partition: 0, committed: 3, metadata: "" }])
  return { loop, publisher, committed: () => loop.commits()[0]?.offset }
})

describe("P10/undecodable: a batch that cannot be read", () => {
  it.effect("is passed when its bytes are kept as a dead letter, not before", () =>
    Effect.gen(function* () {
      const { committed, loop, publisher } = yield* serve("dead")
      assert.isTrue(loop.onUndecodable(batch))
      assert.strictEqual(publisher.offered.length, 1)
      const { headers, value } = publisher.offered[0]!
      assert.deepStrictEqual(value, batch.bytes)
      const text = Object.fromEntries(headers.map(([name, value]) => [name, Buffer.from(value).toString("utf8")]))
      assert.deepStrictEqual([text["rr-dead-reason"], text["rr-dead-offset"]], [batch.reason, "3"])
      assert.notStrictEqual(committed(), 13)
      publisher.acknowledge(0)
      assert.strictEqual(committed(), 13)
    })
  )

  it.effect("is passed at once where dead letters are not kept, and left where the responder takes nothing more", () =>
    Effect.gen(function* () {
      const { committed, loop } = yield* serve(undefined)
      loop.hold()
      assert.isFalse(loop.onUndecodable(batch))
      loop.onAssigned([{ topic: batch.topic, partition: 0, committed: 3, metadata: "" }])
      assert.isTrue(loop.onUndecodable(batch))
      assert.strictEqual(committed(), 13)
    })
  )
})
