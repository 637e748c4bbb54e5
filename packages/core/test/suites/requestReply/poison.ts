/**
 * P10. No record, however malformed, stops a loop: neither the responder's nor the requester's.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HeaderNames from "../../../src/wire/HeaderNames.ts"
import type { RecordHeaders } from "../../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { type Law, until } from "./Harness.ts"
import { connect, newContract, serve } from "./programs.ts"
import { bytes, namesOf, post, replyIn, text, watch } from "./topics.ts"

const noise = (length: number): Uint8Array => {
  let state = 17
  return Uint8Array.from({ length }, () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) >>> 16)
}

let ids = 0

const good = (replies: string, rr?: string): RecordHeaders =>
  RequestEnvelope.encode({
    operation: "Work",
    // Far in the future for any clock.
    deadline: 9_000_000_000_000,
    timeout: 5_000,
    // Of its own: one that comes again with another payload is a conflict.
    correlationId: Uint8Array.of(1, 2, ids++ % 256, ids >> 8),
    replyTo: { topic: replies, partition: 0 },
    attempt: 1
  }).map(([name, value]) => [name, name === HeaderNames.rr && rr !== undefined ? bytes(rr) : value] as const)

const without = (headers: RecordHeaders, name: string): RecordHeaders => headers.filter(([other]) => other !== name)

/** Under a correlation id of its own: another payload under a known one is refused for that. */
const asCall = (index: number, headers: RecordHeaders): RecordHeaders =>
  headers.map(
    ([name, value]) => [name, name === HeaderNames.correlationId ? Uint8Array.of(1, 2, 3, index) : value] as const
  )

interface Poison {
  readonly headers: RecordHeaders
  readonly value: Uint8Array | null
  /** What a caller would be told, undefined when nobody can be told anything. */
  readonly status: string | undefined
}

const poisons = (replies: string): Readonly<Record<string, Poison>> => {
  const value = bytes(`{"id":"1"}`)
  const rr = (dictionary: string, status: string | undefined): Poison => ({
    headers: good(replies, dictionary),
    value,
    status
  })
  return {
    "no headers": { headers: [], value, status: undefined },
    "no headers, no value": { headers: [], value: null, status: undefined },
    "no correlation id": { headers: without(good(replies), HeaderNames.correlationId), value, status: undefined },
    "no reply topic": { headers: without(good(replies), HeaderNames.replyTopic), value, status: undefined },
    "a reply topic that is none": {
      headers: good(replies).map(
        ([name, header]) => [name, name === HeaderNames.replyTopic ? noise(20) : header] as const
      ),
      value,
      status: undefined
    },
    "a partition of three bytes": {
      headers: good(replies).map(
        ([name, header]) => [name, name === HeaderNames.replyPartition ? noise(3) : header] as const
      ),
      value,
      status: undefined
    },
    "version 2": rr(`v=2, op="Work", deadline=9000000000000, timeout=5000, attempt=1`, "unsupported"),
    "no version": rr(`op="Work", deadline=9000000000000, timeout=5000, attempt=1`, "invalid"),
    "an unknown kind": rr(`v=1, kind=dance, op="Work", deadline=9000000000000, timeout=5000, attempt=1`, "unsupported"),
    "an unknown content type": rr(
      `v=1, op="Work", deadline=9000000000000, timeout=5000, attempt=1, content-type="application/x-unknown"`,
      "unsupported"
    ),
    "wrong types": rr(`v=1, op=17, deadline="soon", timeout=?1, attempt=first`, "invalid"),
    "no operation": rr(`v=1, deadline=9000000000000, timeout=5000, attempt=1`, "invalid"),
    "no such operation": rr(`v=1, op="Nothing", deadline=9000000000000, timeout=5000, attempt=1`, "unimplemented"),
    "a prototype's name": rr(`v=1, op="__proto__", deadline=9000000000000, timeout=5000, attempt=1`, "unimplemented"),
    "a truncated dictionary": rr(`v=1, op="Wo`, "invalid"),
    "a dictionary of noise": {
      headers: good(replies).map(([name, header]) => [name, name === HeaderNames.rr ? noise(300) : header] as const),
      value,
      status: "invalid"
    },
    "no value": { headers: good(replies), value: null, status: "invalid" },
    "an empty value": { headers: good(replies), value: new Uint8Array(0), status: "invalid" },
    "truncated JSON": { headers: good(replies), value: bytes(`{"id":`), status: "invalid" },
    "JSON of another shape": { headers: good(replies), value: bytes(`[1]`), status: "invalid" },
    "a value of noise": { headers: good(replies), value: noise(500), status: "invalid" },
    "1 MB of noise": { headers: good(replies), value: noise(1_000_000), status: "invalid" },
    "300 headers": {
      headers: [...Array.from({ length: 300 }, (_, index) => [`h${index}`, bytes("x")] as const), ...good(replies)],
      value,
      status: "invalid"
    }
  }
}

export const poisonLaws = (law: Law): void => {
  law(
    "P10/poison: calls go on around records that are no requests, and who can be told is told",
    Effect.gen(function* () {
      const contract = newContract()
      const { control, replies, requests } = namesOf(contract)
      const deadLetters = `${requests}.dead`
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(`done ${id}`) }, { deadLetterTopic: deadLetters })
      const { client } = yield* connect(contract, { replyPartition: 2 })
      const answers = yield* watch(replies)
      const dead = yield* watch(deadLetters)
      const told = () => answers.filter(({ partition }) => partition === 0)
      let expected = 0
      for (const [index, [name, poison]] of Object.entries(poisons(replies)).entries()) {
        const { status, value } = poison
        const headers = asCall(index, poison.headers)
        for (const partition of [0, 1, 2]) yield* post(requests, { headers, value }, partition)
        yield* post(control, { headers, value })
        yield* post(replies, { headers, value }, 2)
        assert.strictEqual(yield* client.Work({ id: name }), `done ${name}`)
        assert.strictEqual(yield* client.Work({ id: name }), `done ${name}`)
        assert.strictEqual(yield* client.Work({ id: name }), `done ${name}`)
        if (status === undefined) continue
        expected += 3
        yield* until(`${name} is answered`, () => told().length === expected)
        assert.deepInclude(replyIn(told().at(-1)!), { outcome: "rejected", status })
      }
      assert.strictEqual(told().length, expected)
      yield* until("all that cannot be executed is in the dead letter topic", () => dead.length >= 48)
      const reasons = new Set(dead.map(({ headers }) => headers.map(([name]) => name).includes("rr-dead-reason")))
      assert.deepStrictEqual([...reasons], [true])
      const sources = new Set(dead.map(({ headers }) => text(headers.find(([name]) => name === "rr-dead-topic")![1])))
      assert.deepStrictEqual([...sources], [requests])
    })
  )

  law(
    "P10/poison: a request that names a topic which is no reply topic is not executed and not answered",
    Effect.gen(function* () {
      const contract = newContract()
      const { requests } = namesOf(contract)
      const ran: Array<string> = []
      yield* serve(contract, {
        Work: ({ id }) => {
          ran.push(id)
          return Effect.succeed(`done ${id}`)
        }
      })
      const { client } = yield* connect(contract)
      const sent = yield* watch(requests)
      for (const partition of [0, 1, 2]) {
        yield* post(requests, { headers: good(requests), value: bytes(`{"id":"forbidden"}`) }, partition)
      }
      for (const id of ["1", "2", "3"]) assert.strictEqual(yield* client.Work({ id }), `done ${id}`)
      assert.deepStrictEqual(ran.toSorted(), ["1", "2", "3"])
      yield* until("all is seen", () => sent.length >= 6)
      assert.strictEqual(sent.length, 6)
    })
  )
}
