import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { requestReplySuiteLive } from "../suites/RequestReplySuite.ts"

requestReplySuiteLive(
  "over kafkajs",
  KafkajsTransport.layer({ brokers: sharedBrokers, clientId: "request-reply-laws" })
)
