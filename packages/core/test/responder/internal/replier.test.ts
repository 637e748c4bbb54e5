import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { type Answer, rejected } from "../../../src/responder/internal/answer.ts"
import { OffsetLedger } from "../../../src/responder/internal/offsetLedger.ts"
import * as Replier from "../../../src/responder/internal/replier.ts"
import type { ServeRecorder } from "../../../src/responder/internal/serveRecorder.ts"
import { type Addressee, TakenRecord } from "../../../src/responder/internal/takenRecord.ts"
import {
  because,
  NoAnswer,
  NoSuchTopic,
  TooLarge,
  TransportClosed,
  type TransportError
} from "../../../src/kafka/TransportError.ts"
import * as Bounds from "../../../src/wire/Bounds.ts"
import type { RecordHeaders } from "../../../src/wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import { ScriptedPublisher } from "../../requester/engine.ts"
import { correlationId, recordAt } from "../fixtures.ts"

const addressee: Addressee = {
  correlationId: correlationId(1),
  replyTo: { topic: "stock.replies", partition: 3 },
  attempt: 2,
  traceparent: undefined
}

const success: Answer = { outcome: "success", body: Buffer.from("7") }

const many = (count: number): RecordHeaders => Array.from({ length: count }, (_, n) => [`h${n}`, Buffer.of(1)])
const large = (bytes: number): RecordHeaders => [["x", Buffer.alloc(bytes - 1)]]

const replying = Effect.gen(function* () {
  const publisher = new ScriptedPublisher()
  const log: Array<string> = []
  const send = Replier.make({
    publisher,
    clock: yield* Clock.Clock,
    recorder: { replyAbandoned: () => void log.push("abandoned") } as ServeRecorder,
    origin: { from: "shop-1", ctl: 3 },
    onSending: () => {},
    onDone: () => void log.push("done"),
    onLeft: () => void log.push("left")
  })
  const taken = new TakenRecord(recordAt(17), new OffsetLedger({ committed: 17, metadata: "" }), 30_000)
  return {
    publisher,
    log,
    send: (answer: Answer, headers: RecordHeaders = [], to = addressee): void => send(taken, to, answer, headers),
    /** What the newest reply says, as its reader sees it. */
    newest: () => {
      const record = publisher.offered.at(-1)!
      const envelope = Result.getOrThrow(ReplyEnvelope.decode(record.headers))
      return { record, envelope, text: Buffer.from(record.value!).toString() }
    }
  }
})

describe("a reply", () => {
  it.effect("goes where the request says, while anybody can be waiting, and is done when it is written", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(5_000)
      const { log, newest, publisher, send } = yield* replying
      send(success, [["x", Buffer.from("y")]])
      const { envelope, record, text } = newest()
      assert.deepStrictEqual(
        [record.topic, record.partition, record.key, record.deadline, text],
        ["stock.replies", 3, null, 30_000, "7"]
      )
      const { at, attempt, outcome, replyHeaders } = envelope
      assert.deepStrictEqual([envelope.correlationId, outcome, attempt, at], [correlationId(1), "success", 2, 5_000])
      assert.strictEqual(replyHeaders[0]?.[0], "x")
      assert.deepStrictEqual(log, [])
      publisher.acknowledge(0)
      assert.deepStrictEqual(log, ["done"])
    })
  )

  it.effect("goes to the first partition when the request names none", () =>
    Effect.gen(function* () {
      const { newest, send } = yield* replying
      send(success, [], { ...addressee, replyTo: { topic: "stock.replies", partition: undefined } })
      assert.strictEqual(newest().record.partition, 0)
    })
  )

  it.effect("that the broker refuses for good is told once by its status, and is done whatever comes of that", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [TransportError, string]> = [
        [because(new TooLarge({ topic: "stock.replies", detail: "" })), "reply-too-large"],
        [because(new NoSuchTopic({ topic: "stock.replies" })), "reply-refused"]
      ]
      for (const [error, status] of cases) {
        const { log, newest, publisher, send } = yield* replying
        send(success)
        publisher.refuse(0, error)
        assert.deepStrictEqual([log, publisher.offered.length, newest().envelope.status], [[], 2, status])
        publisher.refuse(1, error)
        assert.deepStrictEqual([log, publisher.offered.length], [["abandoned", "done"], 2])
      }
    })
  )

  it.effect("whose time is up is abandoned", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying
      send(rejected("overloaded", "busy"))
      publisher.refuse(0, because(new NoAnswer({ detail: "" })))
      assert.deepStrictEqual([log, publisher.offered.length], [["abandoned", "done"], 1])
    })
  )

  it.effect("that the closing transport refuses is left to the next owner", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying
      send(success)
      publisher.refuse(0, because(new TransportClosed({})))
      assert.deepStrictEqual([log, publisher.offered.length], [["left"], 1])
    })
  )

  it.effect("with more headers than a reader takes says that it is too large", () =>
    Effect.gen(function* () {
      const { newest, send } = yield* replying
      const statusOf = (headers: RecordHeaders) => {
        send(success, headers)
        return newest().envelope.status
      }
      assert.deepStrictEqual([many(Bounds.maxCallHeaderCount), large(Bounds.maxCallHeaderBytes)].map(statusOf), [
        undefined,
        undefined
      ])
      assert.deepStrictEqual(
        [many(Bounds.maxCallHeaderCount + 1), large(Bounds.maxCallHeaderBytes + 1)].map(statusOf),
        ["reply-too-large", "reply-too-large"]
      )
    })
  )
})
