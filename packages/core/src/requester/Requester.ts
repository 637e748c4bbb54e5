/**
 * The requester: calls the operations of contracts over Kafka and waits for their answers.
 *
 * One reply reader, one table of calls in flight and one sweeper serve all clients made from it. Building the layer fixes
 * the position that replies are read from, so the very first call cannot lose its reply; closing it waits for calls in
 * flight, at most `drainTimeout`.
 *
 * @example
 * ```ts
 * const program = Effect.gen(function* () {
 *   const inventory = yield* Requester.client(Inventory)
 *   return yield* inventory.GetStock({ sku: "TEA-0001" }).pipe(Requester.withTimeout("2 seconds"))
 * }).pipe(Effect.provide(Requester.layer([Inventory])))
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import * as Contract from "../contract/Contract.ts"
import { idleAnnotationsOf } from "../contract/IdleAnnotations.ts"
import { type AnyGroup, clientMiddlewares, obstacleOf, operationsOf } from "../contract/Operation.ts"
import { Entropy } from "../host/Entropy.ts"
import { monotonicMillis } from "../host/MonotonicTime.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import * as Publisher from "../publisher/Publisher.ts"
import * as PublisherOptions from "../publisher/PublisherOptions.ts"
import * as StartError from "../startup/StartError.ts"
import * as TopicSetup from "../startup/TopicSetup.ts"
import { Transport } from "../kafka/Transport.ts"
import * as CallEngine from "./internal/callEngine.ts"
import * as CallRecorder from "./internal/callRecorder.ts"
import * as Canceller from "./internal/canceller.ts"
import * as ReplyAddress from "./internal/replyAddress.ts"
import * as RequestRouter from "./internal/requestRouter.ts"
import * as ResponderWatch from "./internal/responderWatch.ts"
import * as UnaryCall from "./internal/unaryCall.ts"
import { annotationRules, defaults, type Options, rules } from "./Options.ts"
import type { RequestError } from "./RequestError.ts"

export type { Options } from "./Options.ts"
export { withReplyMetadata, withRoutingKey, withTimeout, withWaitForReady } from "./CallSettings.ts"

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

/** Makes clients. Use `Requester.client`. */
export class Requester extends Context.Service<
  Requester,
  {
    /** What a client of the contract with this name needs; undefined for contracts the layer was not given. */
    readonly environmentOf: (contract: string) => UnaryCall.Environment | undefined
    /** Calls waiting for their outcome now. */
    readonly inFlight: Effect.Effect<number>
  }
>()("@kafka-request-reply/core/requester/Requester") {}

const routeOf = Effect.fnUntraced(function* (
  group: AnyGroup,
  options: Options,
  publisher: Publisher.Publisher,
  recorder: CallRecorder.CallRecorder,
  closesAt: () => number
) {
  const { groupSize, topics } = yield* Transport
  yield* StartError.checkEffect(group)
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
    for (const text of idleAnnotationsOf(operation)) yield* Effect.logWarning(text)
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

const start = Effect.fnUntraced(function* (groups: ReadonlyArray<AnyGroup>, options: Options) {
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
  return Requester.of({
    environmentOf: (contract) => {
      const route = routes.get(contract)
      if (route === undefined) return undefined
      return { ...route, engine: started, replyTo: replies.address, options, recorder, maxTimeoutMillis }
    },
    inFlight: Effect.sync(started.inFlight)
  })
})

/** A default that no call may have would fail every call. To be asked of options that meet their rules. */
const checkTimeout = ({ maxTimeout, timeout }: Options): Effect.Effect<void, StartError.StartError> =>
  Duration.toMillis(timeout) <= Duration.toMillis(maxTimeout)
    ? Effect.void
    : StartError.because(
        new StartError.InvalidOption({ option: "timeout", given: String(timeout), accepts: "at most maxTimeout" })
      )

/**
 * A requester for these contracts. Fails when the brokers or topics are not there within `startTimeout`; later outages
 * are waited out inside the deadline of each call.
 */
export const make = (
  groups: readonly [AnyGroup, ...ReadonlyArray<AnyGroup>],
  overrides: Partial<Options> = {}
): Effect.Effect<Requester["Service"], StartError.StartError, Transport | Scope.Scope> => {
  const options = OptionRules.withDefaults(defaults, overrides)
  return StartError.checkOptions(options, rules).pipe(
    Effect.andThen(() => StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")),
    Effect.andThen(() => checkTimeout(options)),
    Effect.andThen(StartError.within(start(groups, options), options.startTimeout, "preparing the requester's topics"))
  )
}

/** The layer of `make`. */
export const layer = (
  groups: readonly [AnyGroup, ...ReadonlyArray<AnyGroup>],
  options: Partial<Options> = {}
): Layer.Layer<Requester, StartError.StartError, Transport> => Layer.effect(Requester, make(groups, options))

/**
 * A client of one contract: Effect's own type of an RPC client, so code written for Effect RPC reads the same. Dies when
 * the contract is not among those the layer was given: that is a mistake in the program's wiring.
 */
export const client: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>
) => Effect.Effect<RpcClient.RpcClient<Rpcs, RequestError>, never, Requester | Rpc.MiddlewareClient<Rpcs>> =
  Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(group: RpcGroup.RpcGroup<Rpcs>) {
    const requester = yield* Requester
    const services = yield* Effect.context<Rpc.MiddlewareClient<Rpcs>>()
    const name = Context.get(group.annotations, Contract.Name)
    const environment = requester.environmentOf(name)
    if (environment === undefined) {
      return yield* Effect.die(new Error(`contract "${name}" is not among those given to Requester.layer`))
    }
    // Nothing is inherited that an operation could be called like; what it is as text has a name that none can have.
    const methods: Record<string, unknown> = Object.create(null, {
      [Symbol.toPrimitive]: { value: () => `the client of ${name}` }
    })
    for (const operation of operationsOf(group)) {
      methods[operation.tag] = UnaryCall.make(operation, clientMiddlewares(operation, services), environment)
    }
    return methods as unknown as RpcClient.RpcClient<Rpcs, RequestError>
  })
