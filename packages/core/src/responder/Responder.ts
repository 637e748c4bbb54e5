/**
 * The responder: serves the operations of a contract over Kafka with the handlers in the context.
 *
 * Building the layer joins the contract's consumer group and serves; closing it drains: nothing new is started, what runs
 * is finished and answered, at most `drainTimeout`. Any number of responders share the partitions of the request topic.
 *
 * @example
 * ```ts
 * const Handlers = Inventory.toLayer(Inventory.of({ GetStock: ({ sku }) => findStock(sku) }))
 * const program = Layer.launch(Responder.layer(Inventory).pipe(Layer.provide(Handlers), Layer.provide(Kafka)))
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
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Contract from "../contract/Contract.ts"
import { idleAnnotationsOf } from "../contract/IdleAnnotations.ts"
import { type AnyGroup, obstacleOf, operationsOf } from "../contract/Operation.ts"
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

/** A contract being served. */
export class Responder extends Context.Service<
  Responder,
  {
    /** The contract's name. */
    readonly contract: string
    /** Handlers running now. */
    readonly running: Effect.Effect<number>
  }
>()("@kafka-request-reply/core/responder/Responder") {}

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
  return Responder.of({ contract: names.name, running: Effect.sync(loop.running) })
})

/** Serves the contract until the scope closes. Fails when it cannot start within `startTimeout`. */
export const make: <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options?: Partial<Options>
) => Effect.Effect<
  Responder["Service"],
  StartError.StartError,
  Transport | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs> | Scope.Scope
> = Effect.fnUntraced(function* <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  overrides: Partial<Options> = {}
) {
  const options = OptionRules.withDefaults(defaults, overrides)
  const context = yield* Effect.context<Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>>()
  yield* StartError.checkOptions(options, rules)
  yield* StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")
  return yield* StartError.within(start(group, options, context), options.startTimeout, "joining the responders' group")
})

/** The layer of `make`. */
export const layer = <Rpcs extends Rpc.Any>(
  group: RpcGroup.RpcGroup<Rpcs>,
  options: Partial<Options> = {}
): Layer.Layer<
  Responder,
  StartError.StartError,
  Transport | Rpc.ToHandler<Rpcs> | Rpc.Middleware<Rpcs> | Rpc.ServicesServer<Rpcs>
> => Layer.effect(Responder, make(group, options))
