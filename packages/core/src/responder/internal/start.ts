/**
 * Puts a responder together: topics, publisher, loop, control channel, group.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import * as Contract from "../../contract/Contract.ts"
import { idleAnnotationsOf } from "../../contract/IdleAnnotations.ts"
import { type AnyGroup, refusalOf, operationsOf } from "../../contract/Operation.ts"
import { Entropy } from "../../host/Entropy.ts"
import { EventLoop } from "../../host/EventLoop.ts"
import * as Sweeper from "../../host/Sweeper.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import { Transport } from "../../kafka/Transport.ts"
import * as Publisher from "../../publisher/Publisher.ts"
import * as StartError from "../../startup/StartError.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { Options } from "../Options.ts"
import * as DefectLog from "./defectLog.ts"
import * as Listener from "./listener.ts"
import { Loop } from "./loop.ts"
import * as Membership from "./membership.ts"
import { type Procedure, procedureOf } from "./procedure.ts"
import type { RefusedReplies } from "./refusedTopics.ts"
import { Replies } from "./reply.ts"
import * as ServeRecorder from "./serveRecorder.ts"
import { timesOf } from "./times.ts"

/** What of a started responder is asked for. */
export interface Started {
  readonly contract: string
  /** Handlers running now. */
  readonly running: () => number
  /** The reply topics that take no replies now. */
  readonly refusedReplies: () => ReadonlyArray<RefusedReplies>
}

const proceduresOf = Effect.fnUntraced(function* (group: AnyGroup, places: number, context: Context.Context<never>) {
  const procedures = new Map<string, Procedure>()
  for (const operation of operationsOf(group)) {
    const detail = refusalOf(operation)
    if (detail !== undefined) {
      return yield* StartError.because(new StartError.Unsupported({ operation: operation.tag, detail }))
    }
    for (const text of idleAnnotationsOf(operation, places)) yield* Effect.logWarning(text)
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

/** The ids that records of the control topic cancel; anything else there is ignored. */
const cancelledIn = (records: ReadonlyArray<ConsumedRecord>): ReadonlyArray<Uint8Array> =>
  records.flatMap(({ headers }) => {
    const decoded = RequestEnvelope.decode(headers)
    return Result.isSuccess(decoded) && decoded.success.kind === "cancel" ? [decoded.success.correlationId] : []
  })

/** What a broken bookkeeping says of itself. */
const brokenMessage = (cause: unknown): string =>
  `the responder's bookkeeping is broken and it stops serving, so that others take over: ${String(cause)}`

/** Makes sure that the contract's topics are there. Returns the number of partitions of its control topic. */
const topicsOf = Effect.fnUntraced(function* (names: Contract.ContractNames, options: Options, maxTimeout: number) {
  const { topics } = yield* Transport
  const requests = TopicSetup.requestTopic(names.requests, options.partitions, maxTimeout)
  const control = TopicSetup.controlTopic(names.control, maxTimeout)
  const deadLetters = options.deadLetterTopic === undefined ? [] : [TopicSetup.deadLetterTopic(options.deadLetterTopic)]
  yield* TopicSetup.verify(topics, [requests, control, ...deadLetters], options.topics)
  yield* TopicSetup.ensure(topics, requests, options.topics)
  const partitions = yield* TopicSetup.ensure(topics, control, options.topics)
  for (const topic of deadLetters) yield* TopicSetup.ensure(topics, topic, options.topics)
  return partitions
})

/** Serves a contract until the scope closes. */
export const start = Effect.fnUntraced(function* (group: AnyGroup, options: Options, context: Context.Context<never>) {
  const transport = yield* Transport
  yield* StartError.checkEffect(group)
  const publisher = yield* Publisher.make(transport.link, options.publisher)
  const clock = yield* Clock.Clock
  const eventLoop = yield* EventLoop
  const times = timesOf(options)
  const procedures = yield* proceduresOf(group, options.concurrency, context)
  const names = Contract.namesOf(group)
  if (names === undefined) {
    return yield* StartError.because(new StartError.Unnamed({ operations: [...procedures.keys()] }))
  }
  const controlPartitions = yield* topicsOf(names, options, times.maxTimeout)
  const token = (yield* Entropy).bytes(instanceBytes)
  const origin = { from: options.instance ?? Buffer.from(token).toString("hex"), ctl: token[0]! % controlPartitions }
  const recorder = yield* ServeRecorder.make
  const dirty = Latch.makeUnsafe(false)
  const broken = yield* Deferred.make<string>()
  const fork = yield* FiberSet.makeRuntime<never>()
  let membership: Membership.Membership | undefined
  const resumed: Array<number> = []
  const sweeper = yield* Sweeper.make((at) => loop.due(at))
  const loop: Loop = new Loop({
    settings: { options, times, procedures, hasDeadLetters: options.deadLetterTopic !== undefined },
    clock,
    eventLoop,
    recorder,
    listener: Listener.make(options.onAnswered, recorder.listenerFailed),
    execution: { options, logDefect: DefectLog.make(clock, options.hideDefects) },
    fork: (effect) => void fork(effect),
    replies: (fates, onGivenUp) =>
      new Replies({
        publisher,
        topics: transport.topics,
        clock,
        recorder,
        origin,
        deadLetterTopic: options.deadLetterTopic,
        fork: (effect) => void fork(effect),
        fates,
        onGivenUp
      }),
    onProgress: () => dirty.openUnsafe(),
    onCapacity: (partition) => (membership === undefined ? void resumed.push(partition) : membership.resume(partition)),
    leaseUntil: () => membership?.leaseUntil() ?? Number.POSITIVE_INFINITY,
    onDue: sweeper.wakeBy,
    onBroken: (cause) => void Deferred.doneUnsafe(broken, Exit.succeed(brokenMessage(cause)))
  })
  yield* transport.readPartition({
    topic: names.control,
    partition: origin.ctl,
    from: "end",
    onRecords: (records) => loop.cancelled(cancelledIn(records))
  })
  const groupId = options.group ?? names.responderGroup
  membership = yield* Membership.join({
    transport,
    groupId,
    topic: names.requests,
    times,
    clock,
    loop,
    recorder,
    dirty
  })
  for (const partition of resumed.splice(0)) membership.resume(partition)
  yield* Membership.leaveWhenBroken(Deferred.await(broken), membership)
  return {
    contract: names.name,
    running: () => loop.machine.runs.size,
    refusedReplies: () => loop.replies.refusedTopics
  } satisfies Started
})
