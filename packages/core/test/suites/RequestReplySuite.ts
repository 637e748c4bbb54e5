/**
 * The laws of request/reply, one file per promise of the design, over whatever transport they are given: memory, memory
 * with faults, a driver with a real Kafka.
 *
 * Each law has topics and a group of its own. Over memory time is virtual: nothing waits for the clock.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Transport } from "../../src/kafka/Transport.ts"
import * as Harness from "./requestReply/Harness.ts"
import { deadlineLaws } from "./requestReply/deadlines.ts"
import { firstCallLaws } from "./requestReply/firstCall.ts"
import { outcomeLaws } from "./requestReply/outcome.ts"
import { boundLaws } from "./requestReply/bounds.ts"
import { overloadLaws } from "./requestReply/overload.ts"
import { orderLaws } from "./requestReply/order.ts"
import { poisonLaws } from "./requestReply/poison.ts"
import { hedgingLaws } from "./requestReply/hedging.ts"
import { retryLaws } from "./requestReply/retries.ts"
import { deduplicationLaws } from "./requestReply/deduplication.ts"
import { keptAnswerLaws } from "./requestReply/keptAnswers.ts"
import { isolationLaws } from "./requestReply/isolation.ts"
import { interruptionLaws } from "./requestReply/interruption.ts"
import { replyLaws } from "./requestReply/replies.ts"
import { drainLaws } from "./requestReply/drain.ts"
import { evolutionLaws } from "./requestReply/evolution.ts"
import { identityLaws } from "./requestReply/identity.ts"
import { middlewareLaws } from "./requestReply/middleware.ts"
import { runLaws } from "./requestReply/runs.ts"
import { startingLaws } from "./requestReply/starting.ts"
import { correlationLaws } from "./requestReply/correlation.ts"
import { certaintyLaws } from "./requestReply/certainty.ts"

const laws: ReadonlyArray<(law: Harness.Law) => void> = [
  outcomeLaws,
  isolationLaws,
  correlationLaws,
  firstCallLaws,
  certaintyLaws,
  deadlineLaws,
  retryLaws,
  hedgingLaws,
  orderLaws,
  boundLaws,
  overloadLaws,
  poisonLaws,
  deduplicationLaws,
  keptAnswerLaws,
  interruptionLaws,
  replyLaws,
  drainLaws,
  evolutionLaws,
  identityLaws,
  middlewareLaws,
  runLaws,
  startingLaws
]

/** Over a transport that lives in virtual time; every law gets a fresh one. */
export const requestReplySuite = <E>(transport: Layer.Layer<Transport, E>): void => {
  const environment = Layer.merge(transport, Harness.layerVirtual)
  for (const state of laws) state((name, body) => it.effect(name, () => Effect.provide(body, environment)))
}

/** Over a transport to a real Kafka. */
export const requestReplySuiteLive = <E>(transport: Layer.Layer<Transport, E>): void => {
  const environment = Layer.merge(transport, Harness.layerReal)
  for (const state of laws) state((name, body) => it.live(name, () => Effect.provide(body, environment), 60_000))
}
