/**
 * The laws every transport obeys, over whatever transport it is given: the in-memory broker or a driver and real Kafka.
 *
 * Real clock, topics and groups of their own per law, so that laws can run against a broker that others use too.
 */
import { layer } from "@effect/vitest"
import type * as Layer from "effect/Layer"
import type { Transport } from "../../src/kafka/Transport.ts"
import { groupLaws } from "./transport/groupLaws.ts"
import { publishLaws } from "./transport/publishLaws.ts"
import { readerLaws } from "./transport/readerLaws.ts"
import { topicLaws } from "./transport/topicLaws.ts"

export const transportSuite = <E>(name: string, transport: Layer.Layer<Transport, E>): void =>
  layer(transport, { excludeTestServices: true, timeout: "60 seconds" })(name, (it) => {
    publishLaws(it)
    readerLaws(it)
    groupLaws(it)
    topicLaws(it)
  })
