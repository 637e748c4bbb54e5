/**
 * Starts a requester: topics, publisher, the table of calls, the reply inbox. What is made first closes last.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Contract from "../../contract/Contract.ts"
import { type AnyGroup, operationsOf } from "../../contract/Operation.ts"
import { Entropy } from "../../host/Entropy.ts"
import { EventLoop } from "../../host/EventLoop.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import * as Sweeper from "../../host/Sweeper.ts"
import * as ThrownReport from "../../host/ThrownReport.ts"
import { type TopicSpec, Transport } from "../../kafka/Transport.ts"
import * as Publisher from "../../publisher/Publisher.ts"
import * as StartError from "../../startup/StartError.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import { tokenBytes } from "../../wire/CorrelationId.ts"
import type { Options } from "../Options.ts"
import * as CallRecorder from "./callRecorder.ts"
import { Calls } from "./calls.ts"
import type { CallsDependencies } from "./callsDependencies.ts"
import * as ContractRoute from "./contractRoute.ts"
import type { MethodDependencies } from "./method.ts"
import * as ReplyInbox from "./replyInbox.ts"

export interface Started {
  /**
   * What a client of this contract needs; undefined for contracts that the requester was not given. Fails for another
   * group of the same name whose operations cannot be called.
   */
  readonly environmentOf: (group: AnyGroup) => Effect.Effect<MethodDependencies | undefined, StartError.StartError>
  readonly inFlight: () => number
}

// Closing waits no longer than this, for all contracts together, for the cancels of calls that were interrupted just before.
const cancelMillis = 1_000

/** The calls of a requester, whose time passes as long as the scope is open; closing waits for them. */
export const makeCalls = Effect.fnUntraced(function* (
  given: Pick<CallsDependencies, "options" | "publisher" | "recorder" | "token">
): Effect.fn.Return<Calls, never, Scope.Scope> {
  const sweeper = yield* Sweeper.make((now) => calls.sweep(now))
  const calls: Calls = new Calls({
    ...given,
    sweeper,
    clock: yield* Clock.Clock,
    random: yield* Random.Random,
    eventLoop: yield* EventLoop,
    report: yield* ThrownReport.make
  })
  return calls
})

/** Opens the inbox of replies. Everything that could still be answered is heard until the scope closes. */
const openInbox = Effect.fnUntraced(function* (
  spec: TopicSpec,
  options: Options,
  token: Uint8Array,
  calls: Calls,
  recorder: CallRecorder.CallRecorder
) {
  const transport = yield* Transport
  const topic = spec.name
  if (!topic.endsWith(".replies")) {
    yield* Effect.logWarning(`responders answer to topics ending in .replies unless isReplyTopic lets them: ${topic}`)
  }
  const partitions = yield* TopicSetup.ensure(transport.topics, spec, options.topics)
  const { replyPartition } = options
  if (replyPartition !== undefined && replyPartition >= partitions) {
    const needed = replyPartition + 1
    return yield* StartError.because(
      new StartError.TooFewPartitions({ topic, partitions, needed, setting: "replyPartition" })
    )
  }
  yield* ReplyInbox.open(transport, { topic, partitions, partition: replyPartition, token }, calls, recorder)
})

export const start = Effect.fnUntraced(function* (groups: ReadonlyArray<AnyGroup>, options: Options) {
  const transport = yield* Transport
  const contracts = yield* Effect.forEach(groups, (group) => ContractRoute.check(group, options))
  const maxTimeoutMillis = Duration.toMillis(options.maxTimeout)
  const replyTopic = options.replyTopic ?? contracts[0]!.replies
  const replies = TopicSetup.replyTopic(replyTopic, options.partitions, maxTimeoutMillis)
  const routed = contracts
    .map((names) => ContractRoute.topicsOf(names, options))
    .flatMap(({ control, requests }) => (control === undefined ? [requests] : [requests, control]))
  yield* TopicSetup.verify(transport.topics, [...routed, replies], options.topics)
  const publisher = yield* Publisher.make(transport.link, options.publisher)
  const token = (yield* Entropy).bytes(tokenBytes)
  const recorder = yield* CallRecorder.make
  const clock = yield* Clock.Clock
  const closeMillis = Math.min(cancelMillis, Duration.toMillis(options.drainTimeout))
  let closing: number | undefined
  // The first canceller that closes starts the time of all.
  const closesAt = (): number => (closing ??= monotonicMillis(clock) + closeMillis)
  const routes = new Map(
    yield* Effect.forEach(contracts, (names) => ContractRoute.make(names, options, publisher, recorder, closesAt), {
      concurrency: "unbounded"
    })
  )
  const calls = yield* makeCalls({ token, publisher, options, recorder })
  yield* openInbox(replies, options, token, calls, recorder)
  // Closes before the inbox: replies are still heard while calls in flight are waited for.
  yield* Effect.addFinalizer(() => calls.close)
  const checked = new WeakSet<AnyGroup>(groups)
  const started: Started = {
    environmentOf: Effect.fnUntraced(function* (group) {
      const route = routes.get(Contract.namesOf(group)?.name ?? "")
      if (route === undefined) return undefined
      // The layer has checked the groups it was given; another one may have the name of one of them.
      if (!checked.has(group)) yield* ContractRoute.checkOperations(operationsOf(group), maxTimeoutMillis)
      checked.add(group)
      return { calls, route, options, recorder, maxTimeoutMillis }
    }),
    inFlight: () => calls.inFlight
  }
  return started
})
