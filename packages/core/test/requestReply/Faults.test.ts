/**
 * What request/reply promises when things go wrong.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import type { FaultLaw } from "../suites/requestReply/faulty/FaultLaw.ts"
import { hedgingFaultLaws } from "../suites/requestReply/faulty/hedging.ts"
import { hearingLaws } from "../suites/requestReply/faulty/hearing.ts"
import { lostReplyLaws } from "../suites/requestReply/faulty/lostReplies.ts"
import { partitionHandoverLaws } from "../suites/requestReply/faulty/partitionHandover.ts"
import { offsetLaws } from "../suites/requestReply/faulty/offsets.ts"
import { outageLaws } from "../suites/requestReply/faulty/outages.ts"
import { rebalancingLaws } from "../suites/requestReply/faulty/rebalancing.ts"
import { refusedPartitionLaws } from "../suites/requestReply/faulty/refusedPartitions.ts"
import { replyFaultLaws } from "../suites/requestReply/faulty/replyFaults.ts"
import { sendFaultLaws } from "../suites/requestReply/faulty/sendFaults.ts"
import * as Harness from "../suites/requestReply/Harness.ts"

const environment = Layer.merge(FaultyTransport.layer(), Harness.layerVirtual)

const law: FaultLaw = (name, body) => it.effect(name, () => Effect.provide(body, environment))

describe("request/reply with faults", () => {
  sendFaultLaws(law)
  refusedPartitionLaws(law)
  replyFaultLaws(law)
  offsetLaws(law)
  outageLaws(law)
  rebalancingLaws(law)
  partitionHandoverLaws(law)
  lostReplyLaws(law)
  hearingLaws(law)
  hedgingFaultLaws(law)
})
