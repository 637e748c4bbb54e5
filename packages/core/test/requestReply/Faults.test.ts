/**
 * What request/reply promises when things go wrong.
 */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import type { FaultLaw } from "../suites/requestReply/faulty/FaultLaw.ts"
import { hearingLaws } from "../suites/requestReply/faulty/hearing.ts"
import { lostReplyLaws } from "../suites/requestReply/faulty/lostReplies.ts"
import { movingLaws } from "../suites/requestReply/faulty/moving.ts"
import { offsetLaws } from "../suites/requestReply/faulty/offsets.ts"
import { outageLaws } from "../suites/requestReply/faulty/outages.ts"
import { rebalancingLaws } from "../suites/requestReply/faulty/rebalancing.ts"
import { refusedPartitionLaws } from "../suites/requestReply/faulty/refusedPartitions.ts"
import { replyingLaws } from "../suites/requestReply/faulty/replying.ts"
import { sendingLaws } from "../suites/requestReply/faulty/sending.ts"
import * as Harness from "../suites/requestReply/Harness.ts"

const environment = Layer.merge(FaultyTransport.layer(), Harness.layerVirtual)

const law: FaultLaw = (name, body) => it.effect(name, () => Effect.provide(body, environment))

describe("request/reply with faults", () => {
  sendingLaws(law)
  refusedPartitionLaws(law)
  replyingLaws(law)
  offsetLaws(law)
  outageLaws(law)
  rebalancingLaws(law)
  movingLaws(law)
  lostReplyLaws(law)
  hearingLaws(law)
})
