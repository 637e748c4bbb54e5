/**
 * Starting a requester: its topics, its reply position, the engine and what calls of each contract need. Stops at the
 * environment that methods are made in.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Contract from "../../contract/Contract.ts"
import { type AnyGroup, obstacleOf, operationsOf } from "../../contract/Operation.ts"
import { Entropy } from "../../host/Entropy.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import { Transport } from "../../kafka/Transport.ts"
import * as Publisher from "../../publisher/Publisher.ts"
import * as StartError from "../../startup/StartError.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import { annotationRules, type Options } from "../Options.ts"
import * as CallEngine from "./callEngine.ts"
import * as CallRecorder from "./callRecorder.ts"
import * as Canceller from "./canceller.ts"
import * as ReplyAddress from "./replyAddress.ts"
import * as RequestRouter from "./requestRouter.ts"
import * as ResponderWatch from "./responderWatch.ts"
import type * as UnaryCall from "./unaryCall.ts"

// The length of the random part of a correlation id (docs/protocol.md).
const tokenBytes = 8

// Closing waits no longer than this, for all contracts together, for the cancels of calls that were interrupted just before.
const cancelMillis = 1_000

/** What clients of one contract share. */
interface Route {
  readonly router: RequestRouter.RequestRouter
  readonly canceller: Canceller.Canceller | undefined
  readonly watch: ResponderWatch.ResponderWatch | undefined
}

const routeOf = Effect.fnUntraced(function* (
  group: AnyGroup,
  options: Options,
  publisher: Publisher.Publisher,
  recorder: CallRecorder.CallRecorder,
  closesAt: () => number
) {
  yield* StartError.checkEffect(group)
  const { groupSize, topics } = yield* Transport
  const operations = operationsOf(group)
  const names = Contract.namesOf(group)
  if (names === undefined) {
    return yield* StartError.because(new StartError.Unnamed({ operations: operations.map(({ tag }) => tag) }))
  }
  const maxTimeoutMillis = Duration.toMillis(options.maxTimeout)
  const annotations = annotationRules(maxTimeoutMillis)
  for (const operation of operations) {
    const { retry, tag, timeout } = operation
    const detail = obstacleOf(operation)
    if (detail !== undefined) return yield* StartError.because(new StartError.Unsupported({ operation: tag, detail }))
    yield* StartError.checkOptions({ ...retry, timeout }, annotations, tag)
  }
  const requests = TopicSetup.requestTopic(names.requests, options.partitions, maxTimeoutMillis)
  const partitions = yield* TopicSetup.ensure(topics, requests, options.topics)
  const router = yield* RequestRouter.make(names.requests, partitions, publisher)
  const watch = options.detectNoResponder
    ? yield* ResponderWatch.make(names.responderGroup, groupSize(names.responderGroup))
    : undefined
  if (!options.cancelOnInterrupt) return [names.name, { router, canceller: undefined, watch }] as const
  const control = TopicSetup.controlTopic(names.control, maxTimeoutMillis)
  const controlPartitions = yield* TopicSetup.ensure(topics, control, options.topics)
  const cancels = { topic: names.control, partitions: controlPartitions, closesAt }
  const canceller = yield* Canceller.make(cancels, publisher, recorder)
  return [names.name, { router, canceller, watch }] as const
})

/** A requester that runs. */
export interface Started {
  /** What calls of the contract with this name need; undefined for contracts that were not given. */
  readonly environmentOf: (contract: string) => UnaryCall.Environment | undefined
  readonly inFlight: () => number
}

/** Starts a requester for these contracts; it runs until the scope closes. */
export const start = Effect.fnUntraced(function* (groups: ReadonlyArray<AnyGroup>, options: Options) {
  const transport = yield* Transport
  const publisher = yield* Publisher.make(transport.link, options.publisher)
  const token = (yield* Entropy).bytes(tokenBytes)
  const maxTimeoutMillis = Duration.toMillis(options.maxTimeout)
  const recorder = yield* CallRecorder.make
  const clock = yield* Clock.Clock
  const closeMillis = Math.min(cancelMillis, Duration.toMillis(options.drainTimeout))
  let closing: number | undefined
  // The first canceller that closes starts the time of all.
  const closesAt = (): number => (closing ??= monotonicMillis(clock) + closeMillis)
  const routes = new Map<string, Route>(
    yield* Effect.forEach(groups, (group) => routeOf(group, options, publisher, recorder, closesAt), {
      concurrency: "unbounded"
    })
  )
  const [first] = routes.keys()
  const replyTopic = options.replyTopic ?? `${first}.replies`
  if (!replyTopic.endsWith(".replies")) {
    yield* Effect.logWarning(
      `responders answer to topics ending in .replies unless isReplyTopic lets them: ${replyTopic}`
    )
  }
  const spec = TopicSetup.replyTopic(replyTopic, options.partitions, maxTimeoutMillis)
  const partitions = yield* TopicSetup.ensure(transport.topics, spec, options.topics)
  if (options.replyPartition !== undefined && options.replyPartition >= partitions) {
    const needed = options.replyPartition + 1
    return yield* StartError.because(
      new StartError.TooFewPartitions({ topic: replyTopic, partitions, needed, setting: "replyPartition" })
    )
  }
  // The reader comes first and so closes last: replies are still heard while calls in flight are waited for.
  let engine: CallEngine.CallEngine | undefined
  const replies = yield* ReplyAddress.make(transport, {
    topic: replyTopic,
    partitions,
    partition: options.replyPartition,
    token,
    onRecords: (records) => engine?.onReplies(records),
    onLost: (error) => engine?.onReplyAddressLost(error)
  })
  const started = yield* CallEngine.make({
    token,
    publisher,
    options,
    recorder,
    lostBecause: replies.lostBecause
  })
  engine = started
  const requester: Started = {
    environmentOf: (contract) => {
      const route = routes.get(contract)
      if (route === undefined) return undefined
      return { ...route, engine: started, replyTo: replies.address, options, recorder, maxTimeoutMillis }
    },
    inFlight: started.inFlight
  }
  return requester
})
