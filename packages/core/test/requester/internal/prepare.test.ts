import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as PrimaryKey from "effect/PrimaryKey"
import * as Result from "effect/Result"
import { type Ingredients, prepare } from "../../../src/requester/internal/prepare.ts"
import * as Stock from "../../contract/stock.ts"
import { boolean, elementOf, int, maybe, oneOf, text } from "../../wire/arbitraries.ts"

const cycle: Array<unknown> = []
cycle.push(cycle)

const evil = {
  get sku(): string {
    throw new Error("a getter that throws")
  },
  toJSON(): unknown {
    throw new Error("a toJSON that throws")
  }
}

const keyed = (key: () => string): unknown => ({ [PrimaryKey.symbol]: key })

const throws = (): string => {
  throw new Error("a key that throws")
}

const ingredients: Arbitrary.Arbitrary<Ingredients> = Arbitrary.map(
  Arbitrary.all({
    payload: oneOf<unknown>(
      elementOf([undefined, null, 7, evil, keyed(throws), keyed(() => "\ud800")]),
      Arbitrary.map(text(0, 300), (key) => keyed(() => key))
    ),
    json: oneOf<unknown>(text(0, 50), elementOf([undefined, null, 7, [], {}, 1n, cycle, evil, () => 1])),
    routingKey: maybe(text(0, 20)),
    waitsForReady: boolean,
    isDiscard: boolean,
    maxRequestBytes: int(1, 60),
    startedAt: int(0, 1_000),
    deadline: int(0, 2_000),
    timeout: int(0, 2_000),
    wallMillis: int(0, 1_000_000)
  }),
  (given) => ({
    ...given,
    operation: Stock.operation("Reserve"),
    policy: undefined,
    hedging: undefined,
    headers: [["x", Buffer.from("y")]],
    traceparent: undefined
  })
)

describe("a request template", () => {
  it.prop(
    "is all that its attempts have in common, or says why there is none; nothing throws",
    [ingredients],
    ([given]) => {
      const template = prepare(given)
      if (Result.isFailure(template)) {
        return assert.include(["InvalidPayload", "RequestTooLarge"], template.failure._tag)
      }
      const { deadline, fields, key, startedAt, value, waitsForReady } = template.success
      assert.isAtMost(value.byteLength, given.maxRequestBytes)
      assert.deepStrictEqual(JSON.parse(Buffer.from(value).toString()), JSON.parse(JSON.stringify(given.json ?? null)))
      assert.deepStrictEqual(
        [startedAt, deadline, waitsForReady],
        [given.startedAt, given.deadline, given.waitsForReady]
      )
      const recordKey = given.routingKey ?? fields.key
      assert.deepStrictEqual(key === null ? undefined : Buffer.from(key).toString(), recordKey)
      assert.deepStrictEqual(
        [fields.timeout, fields.deadline, fields.isDiscard, fields.callHeaders],
        [given.timeout, given.wallMillis + given.timeout, given.isDiscard, given.headers]
      )
    },
    { arbitrary: { runs: 500 } }
  )
})
