/**
 * Whatever is refused at intake is told to `onAnswered`, with what became of it.
 */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { UndecodableBatch } from "../../src/kafka/KafkaRecord.ts"
import { Transport } from "../../src/kafka/Transport.ts"
import type { Answered } from "../../src/responder/Options.ts"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { newContract, serve } from "../suites/requestReply/programs.ts"
import { bytes, namesOf, post } from "../suites/requestReply/topics.ts"
import { overMemory } from "./stuck.ts"

const now = 1_000_000

interface Record {
  readonly headers: RecordHeaders
  readonly value?: string
  readonly key?: string
}

type Fields = Partial<Parameters<typeof RequestEnvelope.encode>[0]>

const without = (headers: RecordHeaders, name: string): RecordHeaders => headers.filter(([other]) => other !== name)
const saying = (headers: RecordHeaders, rr: string): RecordHeaders => [
  ...without(headers, HeaderNames.rr),
  [HeaderNames.rr, bytes(rr)]
]

let ids = 0

/** A responder that cannot run more than one request of a key, nor more than one at all. */
const serving = Effect.gen(function* () {
  const contract = newContract()
  const { control, replies, requests } = namesOf(contract)
  const answered: Array<Answered> = []
  let undecodable: ((batch: UndecodableBatch) => unknown) | undefined
  const transport = yield* Transport
  const joinGroup: (typeof transport)["joinGroup"] = (join) => {
    undecodable = join.onUndecodable
    return transport.joinGroup(join)
  }
  yield* advance(now)
  yield* serve(
    contract,
    { Work: () => Effect.never },
    {
      partitions: 1,
      concurrency: 1,
      maxWaitingPerKey: 1,
      maxWait: "1 second",
      maxRequestBytes: 100,
      onAnswered: (one) => void answered.push(one)
    }
  ).pipe(Effect.provideService(Transport, Transport.of({ ...transport, joinGroup })))
  const headers = (fields: Fields = {}): RecordHeaders =>
    RequestEnvelope.encode({
      operation: "Work",
      deadline: now + 60_000,
      timeout: 60_000,
      attempt: 1,
      correlationId: Uint8Array.of(1, 2, 3, ++ids),
      replyTo: { topic: replies, partition: 0 },
      ...fields
    })
  const hand = ({ headers: given, key, value = `{"id":"1"}` }: Record) =>
    post(requests, { headers: given, value: bytes(value), ...(key === undefined ? {} : { key }) })
  const outcomes = () => answered.splice(0).map(({ attempt, operation, outcome }) => [operation, outcome, attempt])
  return { control, headers, hand, outcomes, requests, undecodable: (batch: UndecodableBatch) => undecodable?.(batch) }
})

describe("P14/refusals: onAnswered is told of", () => {
  overMemory(
    "records that are no executable requests",
    Effect.gen(function* () {
      const { hand, headers, outcomes } = yield* serving
      const cases: ReadonlyArray<readonly [Record, readonly [string, string, number]]> = [
        [{ headers: [] }, ["", "malformed", 1]],
        [{ headers: saying(headers(), "no dictionary !") }, ["", "invalid", 1]],
        [{ headers: saying(headers(), "v=9") }, ["", "unsupported", 1]],
        [{ headers: without(headers(), HeaderNames.rr) }, ["", "unsupported", 1]],
        [{ headers: headers({ replyTo: undefined }) }, ["Work", "no-reply-address", 1]],
        [{ headers: headers({ replyTo: { topic: "elsewhere", partition: 0 } }) }, ["Work", "forbidden-reply-topic", 1]],
        [{ headers: headers({ deadline: now - 10_000, attempt: 2 }) }, ["Work", "expired", 2]],
        [{ headers: headers({ deadline: now - 100_000, attempt: 3 }) }, ["Work", "expired", 3]],
        [{ headers: headers({ contentType: "text/plain" }) }, ["Work", "unsupported", 1]],
        [{ headers: headers(), value: "x".repeat(101) }, ["Work", "invalid", 1]],
        [{ headers: headers({ operation: "Nothing" }) }, ["Nothing", "unimplemented", 1]]
      ]
      for (const [record, told] of cases) {
        yield* hand(record)
        yield* advance(0)
        assert.deepStrictEqual(outcomes(), [[...told]])
      }
    })
  )

  overMemory(
    "a batch that cannot be read, once, whatever it holds",
    Effect.gen(function* () {
      const { outcomes, requests, undecodable } = yield* serving
      const batch = { topic: requests, partition: 0, firstOffset: 0, lastOffset: 9, timestamp: now, bytes: bytes("?") }
      undecodable({ ...batch, reason: "its compression is not known" })
      assert.deepStrictEqual(outcomes(), [["", "undecodable", 1]])
    })
  )

  overMemory(
    "requests that are not given a turn",
    Effect.gen(function* () {
      const { control, hand, headers, outcomes } = yield* serving
      const first = Uint8Array.of(9)
      yield* hand({ headers: headers({ correlationId: first }), key: "a" })
      yield* advance(0)
      assert.deepStrictEqual(outcomes(), [])
      // Another payload under the same id.
      yield* hand({ headers: headers({ correlationId: first }), value: `{"id":"2"}` })
      yield* advance(0)
      assert.deepStrictEqual(outcomes(), [["Work", "key-conflict", 1]])
      // One waits behind the key; there is no room for another.
      yield* hand({ headers: headers(), key: "a" })
      yield* hand({ headers: headers(), key: "a" })
      yield* advance(0)
      assert.deepStrictEqual(outcomes(), [["Work", "overloaded", 1]])
      // The cancel comes before its request.
      const gone = Uint8Array.of(10)
      yield* post(control, { headers: RequestEnvelope.encodeCancel(gone, "Work") })
      for (let partition = 1; partition < 3; partition++) {
        yield* Effect.ignore(post(control, { headers: RequestEnvelope.encodeCancel(gone, "Work") }, partition))
      }
      yield* advance("10 millis")
      yield* hand({ headers: headers({ correlationId: gone }) })
      yield* advance(0)
      assert.deepStrictEqual(outcomes(), [["Work", "cancelled", 1]])
      // What waited for its turn for a second.
      yield* advance("1 second")
      assert.deepStrictEqual(outcomes(), [["Work", "overloaded", 1]])
    })
  )
})
