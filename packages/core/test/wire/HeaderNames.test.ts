import { assert, describe, it } from "@effect/vitest"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"

describe("HeaderNames", () => {
  it("reserves the protocol's names and the name spaces of Spring, NestJS and SmallRye", () => {
    const reserved = ["rr", "traceparent", "kafka_correlationId", "kafka_replyTopic", "kafka_replyPartition"]
    for (const name of [...reserved, "kafka_nest-err", "kafka_", "REPLY_TOPIC", "REPLY_"]) {
      assert.isTrue(HeaderNames.isReserved(name), name)
    }
    for (const name of reserved) assert.isTrue(HeaderNames.isProtocol(name), name)
  })

  it("compares names as Kafka does, case-sensitively", () => {
    for (const name of ["RR", "Traceparent", "KAFKA_x", "reply_topic", "tracestate", "x-rr", "", "kafka"]) {
      assert.isFalse(HeaderNames.isReserved(name), name)
      assert.isFalse(HeaderNames.isProtocol(name), name)
    }
  })
})
