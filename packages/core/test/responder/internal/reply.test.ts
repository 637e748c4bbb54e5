import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { type Answer, rejected } from "../../../src/responder/internal/answer.ts"
import { Replies } from "../../../src/responder/internal/reply.ts"
import type { Fates } from "../../../src/responder/internal/replyPublication.ts"
import type { ServeRecorder } from "../../../src/responder/internal/serveRecorder.ts"
import { type Addressee, TakenRecord } from "../../../src/responder/internal/state.ts"
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
import { ScriptedPublisher } from "../../requester/ScriptedCalls.ts"
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

interface Topic {
  readonly exists?: boolean
  readonly policy?: string
}

const replying = Effect.fnUntraced(function* ({ exists = true, policy = "delete" }: Topic = {}) {
  const publisher = new ScriptedPublisher()
  const log: Array<string> = []
  const fates: Fates = {
    written: () => void log.push("done"),
    refused: (publication, error) => {
      if (error.reason._tag === "TransportClosed") log.push("left")
      else if (!replies.refused(publication, error)) log.push("done")
    }
  }
  const replies = new Replies({
    publisher,
    topics: {
      describe: (names) =>
        Effect.sync(() => {
          log.push("looked")
          return exists ? names.map((name) => ({ name, partitions: 6, replicationFactor: 1 })) : []
        }),
      configs: () => Effect.succeed({ "cleanup.policy": policy }),
      create: () => Effect.die("not asked for")
    },
    clock: yield* Clock.Clock,
    recorder: {
      replyAbandoned: () => void log.push("abandoned"),
      replyRefused: (topic, { reason: { _tag } }, advice) => void log.push(`${topic} ${_tag}: ${advice}`),
      replyTopicTrouble: (_, trouble) => void log.push(trouble),
      deadLetterLost: ({ offset }, { reason: { _tag } }) => void log.push(`lost ${offset} ${_tag}`)
    } as ServeRecorder,
    origin: { from: "shop-1", ctl: 3 },
    deadLetterTopic: "stock.dead",
    fork: (effect) => void Effect.runFork(effect),
    fates,
    onGivenUp: () => void log.push("done")
  })
  const taken = new TakenRecord(recordAt(17), 0, 30_000)
  return {
    publisher,
    replies,
    log,
    taken,
    send: (answer: Answer, headers: RecordHeaders = [], to = addressee): void =>
      replies.send(taken, { addressee: to, answer, headers }),
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
      const { log, newest, publisher, send } = yield* replying()
      send(success, [["x", Buffer.from("y")]])
      const { envelope, record, text } = newest()
      assert.deepStrictEqual(
        [record.topic, record.partition, record.key, record.deadline, text],
        ["stock.replies", 3, null, 30_000, "7"]
      )
      const { at, attempt, outcome, replyHeaders } = envelope
      assert.deepStrictEqual([envelope.correlationId, outcome, attempt, at], [correlationId(1), "success", 2, 5_000])
      assert.strictEqual(replyHeaders[0]?.[0], "x")
      assert.deepStrictEqual(log, ["looked"])
      publisher.acknowledge(0)
      assert.deepStrictEqual(log, ["looked", "done"])
    })
  )

  it.effect("goes to the first partition when the request names none", () =>
    Effect.gen(function* () {
      const { newest, send } = yield* replying()
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
        const { log, newest, publisher, send } = yield* replying()
        send(success)
        publisher.refuse(0, error)
        assert.deepStrictEqual(
          [log.includes("done"), publisher.offered.length, newest().envelope.status],
          [false, 2, status]
        )
        publisher.refuse(1, error)
        assert.deepStrictEqual([log.at(-1), publisher.offered.length], ["done", 2])
        const told = log.filter((line) => line.startsWith(`stock.replies ${error.reason._tag}: `))
        assert.strictEqual(told.length, 2)
        assert.isTrue(
          told.every((line) => line.slice(20).includes("stock.replies")),
          "it names the topic and what to do"
        )
      }
    })
  )

  it.effect("that is not taken in time is told of, and done", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying()
      send(rejected("overloaded", "busy"))
      publisher.refuse(0, because(new NoAnswer({ detail: "" })))
      assert.deepStrictEqual([log.at(-1), log.filter((line) => line.includes("NoAnswer")).length], ["done", 1])
      assert.strictEqual(publisher.offered.length, 1)
    })
  )

  it.effect("that the closing transport refuses is left to the next owner", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying()
      send(success)
      publisher.refuse(0, because(new TransportClosed({})))
      assert.deepStrictEqual([log, publisher.offered.length], [["looked", "left"], 1])
    })
  )

  it.effect("with more headers than a reader takes says that it is too large", () =>
    Effect.gen(function* () {
      const { newest, send } = yield* replying()
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

  it.effect("P8/replies: of which nobody can be listening any more is not written, and counted", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying()
      yield* TestClock.setTime(30_000)
      send(success)
      assert.deepStrictEqual([log, publisher.offered.length], [["looked", "abandoned", "done"], 0])
    })
  )

  it.effect("P8/replies: to a compacted topic has a key, and its topic is looked at once", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying({ policy: "compact,delete" })
      send(success)
      send(success)
      assert.deepStrictEqual(log, ["looked"])
      assert.deepStrictEqual(
        publisher.offered.map(({ key }) => key),
        [addressee.correlationId, addressee.correlationId]
      )
    })
  )

  it.effect("P8/replies: to a topic that does not exist is told of before it is tried", () =>
    Effect.gen(function* () {
      const { log, publisher, send } = yield* replying({ exists: false })
      send(success)
      assert.include(log[1], "topic stock.replies does not exist")
      assert.strictEqual(publisher.offered.length, 1)
    })
  )
})

describe("a dead letter", () => {
  it.effect("is the record as it came, with where from and why, and done whatever becomes of it", () =>
    Effect.gen(function* () {
      const { log, publisher, replies } = yield* replying()
      yield* TestClock.setTime(1_000)
      const record = recordAt(17, {
        partition: 2,
        key: Buffer.from("k"),
        value: Buffer.from("v"),
        headers: [["x", Buffer.from("y")]]
      })
      replies.sendDeadLetter(new TakenRecord(record, 0, 0), "no rr header")
      replies.sendDeadLetter(new TakenRecord(record, 0, 0), "no rr header")
      const [letter] = publisher.offered
      assert.deepStrictEqual(
        [letter!.topic, letter!.key, letter!.value, letter!.deadline],
        ["stock.dead", record.key, record.value, 31_000]
      )
      assert.deepStrictEqual(
        letter!.headers.map(([name, value]) => [name, Buffer.from(value).toString()]),
        [
          ["x", "y"],
          ["rr-dead-reason", "no rr header"],
          ["rr-dead-topic", "stock.requests"],
          ["rr-dead-partition", "2"],
          ["rr-dead-offset", "17"]
        ]
      )
      publisher.acknowledge(0)
      publisher.refuse(1, because(new TooLarge({ topic: "stock.dead", detail: "" })))
      assert.deepStrictEqual(log, ["done", "lost 17 TooLarge", "done"])
    })
  )
})
