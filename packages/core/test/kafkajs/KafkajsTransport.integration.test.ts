import { assert, describe, it, vi } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

vi.setConfig({ testTimeout: 30_000 })

const clientId = "core-test"

transportSuite("KafkajsTransport obeys the laws", KafkajsTransport.layer({ brokers: sharedBrokers, clientId }))

describe("KafkajsTransport", () => {
  it.live("says within 5 seconds which brokers do not answer", () =>
    Effect.gen(function* () {
      const layer = KafkajsTransport.layer({ brokers: ["127.0.0.1:1", "127.0.0.1:2"], clientId })
      const before = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 5_000)
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "127.0.0.1:1, 127.0.0.1:2")
      // Said once, not once more in its own details.
      assert.lengthOf(error.message.split("no Kafka broker answers"), 2)
    })
  )

  it.live("connects when one of the brokers answers", () =>
    Effect.scoped(Layer.build(KafkajsTransport.layer({ brokers: ["127.0.0.1:1", ...sharedBrokers], clientId })))
  )
})
