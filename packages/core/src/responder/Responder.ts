/**
 * The responder: serves the operations of a contract over Kafka with the handlers in the context.
 *
 * Building the layer joins the contract's consumer group and serves; closing it drains: nothing new is started, what runs
 * is finished and answered, at most `drainTimeout`. Any number of responders share the partitions of the request topic.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Responder from "@kafka-request-reply/core/Responder"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.succeed(12) })
 *
 * // Serves until it is interrupted, and then drains.
 * const serving = Responder.layer(Inventory, { topics: "create" }).pipe(Layer.provide(handlers))
 * export const program = Layer.launch(
 *   serving.pipe(Layer.provide(KafkajsTransport.layer({ brokers: ["localhost:9092"], clientId: "inventory" })))
 * )
 *
 * // The same over memory, for a moment.
 * await Effect.runPromise(Effect.provide(Effect.void, serving.pipe(Layer.provide(MemoryTransport.layer))))
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Contract from "../contract/Contract.ts"
import { idleAnnotationsOf } from "../contract/IdleAnnotations.ts"
import {
  type AnyGroup,
  type Contracts,
  groupsOf,
  obstacleOf,
  type Operations,
  operationsOf
} from "../contract/Operation.ts"
import { Entropy } from "../host/Entropy.ts"
import { monotonicMillis } from "../host/MonotonicTime.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import * as Publisher from "../publisher/Publisher.ts"
import * as PublisherOptions from "../publisher/PublisherOptions.ts"
import * as StartError from "../startup/StartError.ts"
import * as TopicSetup from "../startup/TopicSetup.ts"
import { type GroupMember, Transport } from "../kafka/Transport.ts"
import * as CommitLoop from "./internal/commitLoop.ts"
import * as DeadLetters from "./internal/deadLetters.ts"
import { AttemptTable } from "./internal/attemptTable.ts"
import { DedupeTable } from "./internal/dedupeTable.ts"
import { type Procedure, procedureOf } from "./internal/procedure.ts"
import * as ServeRecorder from "./internal/serveRecorder.ts"
import * as ServingLoop from "./internal/servingLoop.ts"
import { timesOf } from "./internal/times.ts"
import { defaults, type Options, rules } from "./Options.ts"

export type { Answered, Options } from "./Options.ts"

/** What serves: of one contract, or of several together. */
export interface Status {
  /** The names of the contracts. */
  readonly contracts: ReadonlyArray<string>
  /** Handlers running now. */
  readonly running: Effect.Effect<number>
}

/** What serving these operations needs: their handlers, their middleware and what their schemas need. */
export type Needs<Rpcs extends Rpc.Any> = Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>

const proceduresOf = Effect.fnUntraced(function* (group: AnyGroup, context: Context.Context<never>) {
  const procedures = new Map<string, Procedure>()
  for (const operation of operationsOf(group)) {
    const detail = obstacleOf(operation)
    if (detail !== undefined) {
      return yield* StartError.because(new StartError.Unsupported({ operation: operation.tag, detail }))
    }
    for (const text of idleAnnotationsOf(operation)) yield* Effect.logWarning(text)
    const procedure = procedureOf(operation, context)
    if (procedure === undefined) {
      return yield* StartError.because(new StartError.HandlerMissing({ operation: operation.tag }))
    }
    procedures.set(operation.tag, procedure)
  }
  return procedures
})

// Enough to tell the instances of a contract apart; a short text in every reply.
const instanceBytes = 4

// What closing grants each step however little time is left: an answer of a healthy broker takes milliseconds.
const leastMillis = 1_000

/** Waits for the end of an effect that may not be interruptible, at most so long. */
const endsWithin = <A>(effect: Effect.Effect<A>, millis: number): Effect.Effect<void> =>
  Effect.forkDetach(effect, { startImmediately: true }).pipe(
    Effect.flatMap((fiber) =>
      Fiber.await(fiber).pipe(Effect.timeoutOption(millis), Effect.andThen(Effect.sync(() => fiber.interruptUnsafe())))
    )
  )

const start = Effect.fnUntraced(function* (group: AnyGroup, options: Options, context: Context.Context<never>) {
  const transport = yield* Transport
  yield* StartError.checkEffect(group)
  const { topics } = transport
  const publisher = yield* Publisher.make(transport.link, options.publisher)
  const clock = yield* Clock.Clock
  const times = timesOf(options)
  const procedures = yield* proceduresOf(group, context)
  const names = Contract.namesOf(group)
  if (names === undefined) {
    return yield* StartError.because(new StartError.Unnamed({ operations: [...procedures.keys()] }))
  }
  const requests = TopicSetup.requestTopic(names.requests, options.partitions, times.maxTimeout)
  const control = TopicSetup.controlTopic(names.control, times.maxTimeout)
  yield* TopicSetup.ensure(topics, requests, options.topics)
  const controlPartitions = yield* TopicSetup.ensure(topics, control, options.topics)
  if (options.deadLetterTopic !== undefined) {
    yield* TopicSetup.ensure(topics, TopicSetup.deadLetterTopic(options.deadLetterTopic), options.topics)
  }

  const entropy = yield* Entropy
  const token = entropy.bytes(instanceBytes)
  const origin = { from: options.instance ?? Buffer.from(token).toString("hex"), ctl: token[0]! % controlPartitions }
  const recorder = yield* ServeRecorder.make
  const dirty = Latch.makeUnsafe(false)
  let member: GroupMember | undefined
  /** Partitions with room again before the member was known; undefined from then on. */
  let early: Array<number> | undefined = []
  const loop = yield* ServingLoop.make({
    options,
    times,
    procedures,
    publisher,
    recorder,
    origin,
    // A half each: calls without a key never take the place of answers that are kept for one.
    dedupe: new DedupeTable(options.dedupeBytes / 2),
    attempts: new AttemptTable(options.dedupeBytes / 2, Buffer.from(entropy.bytes(4)).readInt32BE(0)),
    deadLetters:
      options.deadLetterTopic === undefined
        ? undefined
        : DeadLetters.make(options.deadLetterTopic, publisher, () => monotonicMillis(clock), recorder.deadLetterLost),
    onProgress: () => dirty.openUnsafe(),
    onRoom: (partitions) => {
      early?.push(...partitions)
      for (const partition of partitions) member?.resume({ topic: names.requests, partition })
    }
  })
  yield* transport.readPartition({
    topic: names.control,
    partition: origin.ctl,
    from: "end",
    onRecords: loop.onControl
  })
  // One at a time: an older commit that comes late would take the offsets back.
  const one = yield* Semaphore.make(1)
  const commit = one.withPermits(1)(CommitLoop.commitOf(names.requests, () => member, loop.commits, recorder))
  const joined = yield* transport.joinGroup({
    groupId: options.group ?? names.responderGroup,
    topics: [names.requests],
    onAssigned: loop.onAssigned,
    onRecords: loop.onRecords,
    onUndecodable: loop.onUndecodable,
    onRevoking: Effect.sync(() => loop.hold()).pipe(
      Effect.andThen(loop.idleWithin(times.quiesceTimeout)),
      Effect.andThen(commit)
    ),
    // Room for the commit after the handlers.
    revokeTimeoutMillis: times.quiesceTimeout + 1_000
  })
  member = joined
  for (const partition of early) joined.resume({ topic: names.requests, partition })
  early = undefined
  yield* CommitLoop.fork(commit, dirty, options.commitInterval)
  yield* Effect.addFinalizer(() =>
    Effect.gen(function* () {
      const closesAt = monotonicMillis(clock) + times.drainTimeout
      const left = () => closesAt - monotonicMillis(clock)
      const inTime = <A>(effect: Effect.Effect<A>) => endsWithin(effect, Math.max(leastMillis, left()))
      yield* inTime(joined.stopFetching)
      loop.hold(true)
      yield* loop.idleWithin(Math.min(times.quiesceTimeout, times.drainTimeout))
      yield* inTime(commit)
      yield* inTime(joined.leave)
      // What ends now is the next owner's to do again: a commit of ours would be tried, and fail, until we have closed.
      member = undefined
      if (!(yield* loop.idleWithin(left()))) {
        if (loop.running() > 0) {
          yield* Effect.logWarning(`${loop.running()} handlers are interrupted: drainTimeout is over`)
        }
        yield* loop.abort.pipe(Effect.timeoutOption(Duration.seconds(1)))
      }
    })
  )
  return { contract: names.name, running: loop.running }
})

/** Handlers are found by the operation's name alone: of two operations with one name only the later one's would run. */
const checkNames = (groups: ReadonlyArray<AnyGroup>): Effect.Effect<void, StartError.StartError> => {
  const tags = groups.flatMap((group) => operationsOf(group).map(({ tag }) => tag))
  const repeated = tags.find((tag, index) => tags.indexOf(tag) !== index)
  if (repeated === undefined) return Effect.void
  const detail =
    "two contracts of this responder have an operation of this name, and a handler is found by it; serve each by a layer of its own, with its handlers provided to it"
  return StartError.because(new StartError.Unsupported({ operation: repeated, detail }))
}

/**
 * Serves a contract, or several, until the scope closes. Fails when it cannot start within `startTimeout`. Each contract
 * has its own topics, consumer group and limits.
 */
export const make = <const Given extends Contracts>(
  contracts: Given,
  overrides: Partial<Options> = {}
): Effect.Effect<Status, StartError.StartError, Transport | Needs<Operations<Given>> | Scope.Scope> =>
  Effect.gen(function* () {
    const options = OptionRules.withDefaults(defaults, overrides)
    const groups = groupsOf(contracts)
    const context = yield* Effect.context<never>()
    yield* StartError.checkOptions(options, rules)
    yield* StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")
    yield* checkNames(groups)
    const served = yield* StartError.within(
      Effect.forEach(groups, (group) => start(group, options, context), { concurrency: "unbounded" }),
      options.startTimeout,
      "joining the responders' group"
    )
    return {
      contracts: served.map(({ contract }) => contract),
      running: Effect.sync(() => served.reduce((sum, { running }) => sum + running(), 0))
    }
  })

/** The layer of `make`. It has no service to offer, so any number of them can be merged; `make` gives the `Status`. */
export const layer = <const Given extends Contracts>(
  contracts: Given,
  options: Partial<Options> = {}
): Layer.Layer<never, StartError.StartError, Transport | Needs<Operations<Given>>> =>
  Layer.effectDiscard(make(contracts, options))
