import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as RpcClient from "effect/rpc/RpcClient"
import { headersOf, toRecord } from "../../../src/requester/internal/callHeaders.ts"
import * as Bounds from "../../../src/wire/Bounds.ts"
import * as HeaderNames from "../../../src/wire/HeaderNames.ts"
import { ascii, elementOf, oneOf, text } from "../../wire/arbitraries.ts"

const read = (own: Headers.Input | undefined): Effect.Effect<Headers.Headers | string> =>
  Effect.withFiber((fiber) => Effect.succeed(headersOf(fiber, own)))

const plain = (headers: Headers.Headers | string): unknown => (typeof headers === "string" ? headers : { ...headers })

const recordOf = (headers: Headers.Headers) => toRecord(headers, [])

const many = (count: number): Headers.Headers =>
  Headers.fromInput(Array.from({ length: count }, (_, index) => [`h${index}`, ""] as const))

const large = (bytes: number): Headers.Headers => Headers.fromInput({ a: "x".repeat(bytes - 1) })

describe("the headers of a call", () => {
  it.effect("are those around it and its own, its own before those around it", () =>
    Effect.gen(function* () {
      const around = RpcClient.withHeaders({ tenant: "a", shared: "around" })
      const both = yield* around(read({ shared: "own", extra: "1" }))
      assert.deepStrictEqual(plain(both), { tenant: "a", shared: "own", extra: "1" })
      assert.deepStrictEqual(plain(yield* around(read(undefined))), { tenant: "a", shared: "around" })
      assert.deepStrictEqual(plain(yield* read({ extra: "1" })), { extra: "1" })
      assert.strictEqual(yield* read(undefined), Headers.empty)
    })
  )

  const name = oneOf<string>(
    elementOf(["x-tenant", "rr", "kafka_x", "traceparent", "reply_x", "content-type"]),
    Arbitrary.map(ascii(1, 8), (name) => name.toLowerCase())
  )
  it.prop(
    "become record headers in UTF-8, unless a name is the protocol's",
    [Arbitrary.array(Arbitrary.all([name, text(0, 20)]), { maxLength: 5 })],
    ([entries]) => {
      const headers = Headers.fromInput(entries)
      const record = recordOf(headers)
      if (typeof record === "string") {
        const reserved = Object.keys(headers).find(HeaderNames.isReserved)
        return assert.isTrue(reserved !== undefined && record.includes(reserved), record)
      }
      assert.deepStrictEqual(
        record.map(([name, value]) => [name, Buffer.from(value).toString("utf8")]),
        Object.entries(headers)
      )
    }
  )

  it("may not be too many or too large", () => {
    assert.isArray(recordOf(many(Bounds.maxCallHeaderCount)))
    assert.include(recordOf(many(Bounds.maxCallHeaderCount + 1)), "241")
    assert.isArray(recordOf(large(Bounds.maxCallHeaderBytes)))
    assert.include(recordOf(large(Bounds.maxCallHeaderBytes + 1)), String(Bounds.maxCallHeaderBytes + 1))
    assert.include(recordOf(Headers.fromInput({ ["語".repeat(20_000)]: "" })), "60000 bytes")
  })

  it.effect.prop(
    "of whatever kind are read or refused by name, and nothing throws",
    [
      oneOf<unknown>(
        elementOf([
          null,
          7,
          "x",
          true,
          Symbol("x"),
          [],
          [1],
          [["a"]],
          [["a", 1]],
          { a: null },
          { a: 1 },
          { a: [null] }
        ]),
        Arbitrary.map(text(0, 5), (value) => ({ name: value }))
      )
    ],
    ([own]) =>
      Effect.gen(function* () {
        const headers = yield* read(own as Headers.Input)
        if (typeof headers === "string") return
        const record = toRecord(headers, [])
        assert.isTrue(typeof record === "string" || record.every(([, value]) => value instanceof Uint8Array))
      })
  )

  it("that are not text are refused by their name", () => {
    for (const value of [null, 7, true, {}, undefined]) {
      assert.match(String(toRecord(Headers.empty, [["count", value]])), /count .*takes text or bytes/)
      assert.match(String(toRecord({ ...Headers.empty, count: value } as never, [])), /count .*takes text or bytes/)
    }
    assert.match(String(toRecord(Headers.empty, [[7, "x"]])), /number is no name/)
    assert.match(String(toRecord(Headers.empty, [["a", "\ud800"]])), /value of a .*bytes/)
    assert.match(String(toRecord(Headers.empty, [["\ud800", "a"]])), /name .* no valid text/)
  })

  it("that are given as bytes keep their case, order and repeats, behind Effect's", () => {
    const given = [
      ["B", Buffer.from("1")],
      ["A", "2"],
      ["B", Buffer.of(255)]
    ] as const
    const record = toRecord(Headers.fromInput({ Z: "0" }), given)
    assert.deepStrictEqual(typeof record === "string" ? record : record.map(([name, value]) => [name, ...value]), [
      ["z", 48],
      ["B", 49],
      ["A", 50],
      ["B", 255]
    ])
  })
})
