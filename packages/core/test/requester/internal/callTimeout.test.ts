import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { timeoutMillisOf } from "../../../src/requester/internal/callTimeout.ts"
import { int } from "../../wire/arbitraries.ts"

const messageOf = (asked: unknown): string => {
  const found = timeoutMillisOf("Get", asked, 60_000)
  return typeof found === "number" ? String(found) : found.message
}

describe("the timeout of a call", () => {
  it.each([
    [Number.NaN, "its timeout is NaN;"],
    [-5, "its timeout is -5;"],
    [0, "its timeout is 0;"],
    ["soon", 'its timeout is "soon";'],
    ["2 minutes", 'its timeout is "2 minutes";'],
    [null, "its timeout is null;"],
    [Number.POSITIVE_INFINITY, "its timeout is Infinity;"],
    [{ weeks: "x".repeat(500) }, "its timeout is"]
  ])("that is %s is told as it was given, with what it takes", (asked, said) => {
    const message = messageOf(asked)
    assert.include(message, said)
    assert.include(message, "from 1 ms to maxTimeout (60000 ms)")
    assert.isBelow(message.length, 250)
  })

  it.prop("is any duration in its range", [int(1, 60_000)], ([millis]) => {
    for (const asked of [millis, Duration.millis(millis), `${millis} millis`]) {
      assert.strictEqual(timeoutMillisOf("Get", asked, 60_000), millis)
    }
  })

  it.prop("is never thrown about", [Arbitrary.schema(Schema.Json)], ([asked]) => {
    assert.isString(messageOf(asked))
  })
})
