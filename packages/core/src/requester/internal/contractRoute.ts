/**
 * What the calls of one contract share: the way to its partitions, to its responders' cancels, and what is known of its
 * responders. Made while a requester starts.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Contract from "../../contract/Contract.ts"
import { idleAnnotationsOf, misplacedAnnotationOf } from "../../contract/IdleAnnotations.ts"
import { type AnyGroup, refusalOf, type Operation, operationsOf } from "../../contract/Operation.ts"
import { type TopicSpec, Transport } from "../../kafka/Transport.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import * as StartError from "../../startup/StartError.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import { annotationRules, hedgeRules, type Options } from "../Options.ts"
import type { CallRecorder } from "./callRecorder.ts"
import * as Canceller from "./canceller.ts"
import * as Hedging from "./hedging.ts"
import * as RequestRouter from "./requestRouter.ts"
import * as ResponderWatch from "./responderWatch.ts"
import * as TopicSize from "./topicSize.ts"

export interface ContractRoute {
  readonly router: RequestRouter.RequestRouter
  /** Undefined when responders are not told of interrupted callers. */
  readonly canceller: Canceller.Canceller | undefined
  /** Undefined when calls wait for a responder. */
  readonly watch: ResponderWatch.ResponderWatch | undefined
  readonly hedgingOf: Hedging.HedgingOf
}

/** Fails when an operation cannot be called over Kafka, or its annotations allow no call. */
export const checkOperations = Effect.fnUntraced(function* (
  operations: ReadonlyArray<Operation>,
  maxTimeoutMillis: number
): Effect.fn.Return<void, StartError.StartError> {
  const annotations = annotationRules(maxTimeoutMillis)
  for (const operation of operations) {
    const { hedge, retry, tag, timeout } = operation
    const detail = refusalOf(operation) ?? misplacedAnnotationOf(operation)
    if (detail !== undefined) return yield* StartError.because(new StartError.Unsupported({ operation: tag, detail }))
    yield* StartError.checkOptions({ ...retry, timeout }, annotations, tag)
    if (hedge !== undefined) yield* StartError.checkOptions(hedge, hedgeRules, `Contract.Hedge of ${tag}`)
    for (const text of idleAnnotationsOf(operation)) yield* Effect.logWarning(text)
  }
})

/** The names of a contract that can be called. */
export const check = Effect.fnUntraced(function* (
  group: AnyGroup,
  options: Options
): Effect.fn.Return<Contract.ContractNames, StartError.StartError> {
  yield* StartError.checkEffect(group)
  const operations = operationsOf(group)
  const names = Contract.namesOf(group)
  if (names === undefined) {
    return yield* StartError.because(new StartError.Unnamed({ operations: operations.map(({ tag }) => tag) }))
  }
  yield* checkOperations(operations, Duration.toMillis(options.maxTimeout))
  return names
})

interface RouteTopics {
  readonly requests: TopicSpec
  /** Undefined when responders are not told of interrupted callers. */
  readonly control: TopicSpec | undefined
}

/** The topics that requests and cancels of a contract go to. */
export const topicsOf = (names: Contract.ContractNames, options: Options): RouteTopics => {
  const maxTimeoutMillis = Duration.toMillis(options.maxTimeout)
  return {
    requests: TopicSetup.requestTopic(names.requests, options.partitions, maxTimeoutMillis),
    control: options.cancelOnInterrupt ? TopicSetup.controlTopic(names.control, maxTimeoutMillis) : undefined
  }
}

/** The way to the responders of a contract that was checked. */
export const make = Effect.fnUntraced(function* (
  names: Contract.ContractNames,
  options: Options,
  publisher: Publisher,
  recorder: CallRecorder,
  closesAt: () => number
) {
  const { groupSize, topics } = yield* Transport
  const { control, requests } = topicsOf(names, options)
  const partitions = yield* TopicSetup.ensure(topics, requests, options.topics)
  const router = RequestRouter.make(yield* TopicSize.watch(names.requests, partitions, publisher), publisher)
  const responderGroup = options.responderGroup ?? names.responderGroup
  const watch = options.detectNoResponder
    ? yield* ResponderWatch.make(responderGroup, groupSize(responderGroup))
    : undefined
  const hedgingOf = Hedging.perOperation()
  const route = (canceller: Canceller.Canceller | undefined): readonly [string, ContractRoute] => [
    names.name,
    { router, canceller, watch, hedgingOf }
  ]
  if (control === undefined) return route(undefined)
  const controlPartitions = yield* TopicSetup.ensure(topics, control, options.topics)
  const size = yield* TopicSize.watch(names.control, controlPartitions, publisher)
  return route(yield* Canceller.make({ size, closesAt }, publisher, recorder))
})
