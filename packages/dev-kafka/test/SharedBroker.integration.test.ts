/**
 * The broker that the test run provides answers; this test imports it as tests of other packages do.
 */
import { assert, describe, it } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import { probe } from "../src/KafkaProbe.ts"

describe("SharedBroker", () => {
  it.effect("answers", () =>
    Effect.gen(function* () {
      assert.strictEqual(sharedBrokers.length, 1)
      const metadata = yield* probe(sharedBrokers[0]!)
      assert.isAtLeast(metadata.brokers.length, 1)
    })
  )
})
