import { describe } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { requestReplySuiteLive } from "../suites/RequestReplySuite.ts"

describe("request/reply over kafkajs", () => {
  requestReplySuiteLive(KafkajsTransport.layer({ brokers: sharedBrokers, clientId: "request-reply-laws" }))
})
