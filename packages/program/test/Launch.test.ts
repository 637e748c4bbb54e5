import { assert, describe, it } from "@effect/vitest"
import { because as becauseOfTransport, Unreachable } from "@kafka-request-reply/core/TransportError"
import { because, TransportFailed } from "@kafka-request-reply/core/StartError"
import * as Cause from "effect/Cause"
import * as Launch from "../src/Launch.ts"

const unreachable = becauseOfTransport(new Unreachable({ brokers: ["kafka:9092"], detail: "connection refused" }))

describe("Launch.describe", () => {
  it("says what to do when there is no Kafka, however deep that reason lies", () => {
    for (const error of [unreachable, because(new TransportFailed({ cause: unreachable }))]) {
      const text = Launch.describe(Cause.fail(error))
      assert.match(text, /no Kafka broker answers at kafka:9092 \(connection refused\)/)
      assert.match(text, /npx -y pnpm@12 kafka up.*KAFKA_BROKERS/)
    }
  })

  it("has one line for a foreseen error, and the stack of an unforeseen one", () => {
    assert.strictEqual(Launch.describe(Cause.fail(new Error("no such file"))), "no such file")
    assert.match(Launch.describe(Cause.die(new Error("boom"))), /boom[^]*\n +at /)
    assert.match(Launch.describe(Cause.fail("text")), /text/)
  })
})
