/**
 * The calls of a requester over a publisher whose every step is taken by the test.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import type { CallRecorder } from "../../src/requester/internal/callRecorder.ts"
import type { CallHistory } from "../../src/requester/internal/callHistory.ts"
import type { Cancellation } from "../../src/requester/internal/canceller.ts"
import type { Reply } from "../../src/requester/internal/call.ts"
import type { Hedging } from "../../src/requester/internal/hedging.ts"
import * as ReplyInbox from "../../src/requester/internal/replyInbox.ts"
import type { RetryTimes } from "../../src/requester/internal/retry.ts"
import { makeCalls } from "../../src/requester/internal/start.ts"
import { defaults, type Options } from "../../src/requester/Options.ts"
import type { Reason, RequestError } from "../../src/requester/RequestError.ts"
import type { Publication } from "../../src/publisher/Publication.ts"
import type { Publisher } from "../../src/publisher/Publisher.ts"
import * as WriteState from "../../src/publisher/WriteState.ts"
import type { TransportError } from "../../src/kafka/TransportError.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import type { ConsumedRecord, TopicPartition } from "../../src/kafka/KafkaRecord.ts"
import type { ReplyFields } from "../../src/wire/ReplyEnvelope.ts"
import * as Stock from "../contract/stock.ts"
import * as ScriptedEventLoop from "../host/scriptedEventLoop.ts"
import { replyRecord, route, template, token } from "./fixtures.ts"

/** Takes publications and does nothing with them until told. */
export class ScriptedPublisher implements Publisher {
  readonly offered: Array<Publication> = []
  offer = (publication: Publication): void => void this.offered.push(publication)
  partitions = (): Effect.Effect<number> => Effect.succeed(1)
  load = (_partition: TopicPartition): number => 0

  handOver(index: number): void {
    const publication = this.offered[index]!
    publication.state = WriteState.sent(publication.state)
  }
  acknowledge(index: number): void {
    const publication = this.offered[index]!
    publication.state = WriteState.judged(publication.state, Verdict.written)
    publication.onAcknowledged()
  }
  refuse(index: number, error: TransportError): void {
    this.offered[index]!.onRefused(error)
  }
}

/** What was counted, as text: `ended Get success`, `ignored late`. */
export const recorderInto = (log: Array<string>): CallRecorder => ({
  started: () => {},
  ended: (operation, outcome) => void log.push(`ended ${operation} ${outcome}`),
  refused: (operation, reason) => void log.push(`refused ${operation} ${reason}`),
  invalidReply: (operation) => void log.push(`invalid reply ${operation}`),
  retried: (operation) => void log.push(`retried ${operation}`),
  throttled: () => void log.push("throttled"),
  hedged: (operation) => void log.push(`hedged ${operation}`),
  hedgeWon: (operation) => void log.push(`hedge won ${operation}`),
  hedgeThrottled: () => void log.push("hedge throttled"),
  cancelled: () => void log.push("cancelled"),
  ignored: (kind) => void log.push(`ignored ${kind}`)
})

export const retryTimes: RetryTimes = {
  maxAttempts: 3,
  baseMillis: 100,
  maxMillis: 1_000,
  attemptMillis: Number.POSITIVE_INFINITY
}

export interface CallFields {
  readonly timeout?: number
  readonly payloadBytes?: number
  readonly times?: RetryTimes
  readonly hedging?: Hedging
  readonly waitsForReady?: boolean
  readonly isCancelled?: boolean
  readonly key?: string
  readonly history?: CallHistory
  readonly operation?: "Get" | "Reserve" | "Take"
}

/** `chance` is drawn for the jitter; in the middle there is none. */
export const make = Effect.fnUntraced(function* (options: Partial<Options> = {}, chance = 0.5) {
  const testClock = yield* Clock.Clock
  const scope = yield* Scope.fork(yield* Effect.scope)
  const log: Array<string> = []
  const cancelled: Array<string> = []
  const eventLoop = ScriptedEventLoop.make()
  const publisher = new ScriptedPublisher()
  let stalledNanos = 0n
  // Time goes on while the process stands still; timers are the test's.
  const clock: Clock.Clock = Object.assign(Object.create(testClock) as Clock.Clock, {
    monotonicTimeNanosUnsafe: () => testClock.monotonicTimeNanosUnsafe() + stalledNanos
  })
  const recorder = recorderInto(log)
  const calls = yield* makeCalls({
    token,
    publisher,
    // What a test leaves behind is not waited for.
    options: { ...defaults, drainTimeout: 0, ...options },
    recorder
  }).pipe(
    Scope.provide(scope),
    Effect.provideService(Clock.Clock, clock),
    Effect.provideService(Random.Random, { nextDoubleUnsafe: () => chance, nextIntUnsafe: () => 0 }),
    eventLoop.provide
  )
  const address = { topic: "stock.replies", partition: 5 }
  calls.hearAt(address)
  yield* Scope.addFinalizer(scope, calls.close)

  const exchange = (fields: CallFields = {}) =>
    Effect.suspend(() => {
      const startedAt = monotonicMillis(clock)
      const asked = template({
        operation: Stock.operation(fields.operation ?? "Get"),
        policy: fields.times,
        hedging: fields.hedging,
        startedAt,
        deadline: startedAt + (fields.timeout ?? 1_000),
        payloadBytes: fields.payloadBytes ?? 10,
        waitsForReady: fields.waitsForReady ?? true,
        key: fields.key === undefined ? null : Buffer.from(fields.key)
      })
      const cancel = fields.isCancelled === true ? { cancel: noteCancel } : undefined
      return calls.exchange(asked, route(cancel), fields.history)
    })

  const noteCancel = ({ correlationId }: Cancellation): void =>
    void cancelled.push(String(CorrelationId.counterOf(correlationId, token)))

  const engine = {
    inFlight: (): number => calls.inFlight,
    onReplies: (records: ReadonlyArray<ConsumedRecord>): void => ReplyInbox.receive(records, token, calls, recorder),
    onReplyAddressLost: (error: TransportError): void => calls.deafen(error)
  }

  return {
    calls,
    engine,
    eventLoop,
    publisher,
    /** The publisher has given an attempt up, and the turn in which its caller hears of it is over. */
    refuse: (index: number, error: TransportError) =>
      Effect.andThen(
        Effect.sync(() => publisher.refuse(index, error)),
        eventLoop.turn
      ),
    /** The process has stood still for so long. */
    stall: (millis: number): void => void (stalledNanos += BigInt(millis) * 1_000_000n),
    exchange,
    /** What the recorder was told, since the last look. */
    counted: (): ReadonlyArray<string> => log.splice(0),
    /** The numbers of the calls whose cancel was sent. */
    cancelled,
    /** Starts a call; it is registered and its first attempt offered when this returns. */
    call: (fields: CallFields = {}) => Effect.forkChild(exchange(fields), { startImmediately: true }),
    /** A reply to the call with this number, the first one being 1, has been read. */
    reply: (number: number, fields: Partial<ReplyFields> = {}, body: unknown = null): void =>
      engine.onReplies([replyRecord(CorrelationId.make(token, number), fields, body)]),
    /** There is a reply address again. */
    hear: (): void => calls.hearAt(address),
    close: Scope.close(scope, Exit.void)
  }
})

/** The reason a call failed for; the test fails when it did not fail so. */
export const reasonOf = (exit: Exit.Exit<Reply, RequestError>): Reason => {
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  if (error === undefined) throw new Error(`the call ended otherwise: ${exit._tag}`)
  return error.reason
}

export const failureOf = (fiber: Fiber.Fiber<Reply, RequestError>): Effect.Effect<Reason> =>
  Effect.map(Fiber.await(fiber), reasonOf)
