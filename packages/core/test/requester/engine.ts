/**
 * A call engine over a publisher whose every step is taken by the test.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import * as CallEngine from "../../src/requester/internal/callEngine.ts"
import type { CallRecorder } from "../../src/requester/internal/callRecorder.ts"
import type { Reply } from "../../src/requester/internal/pendingCall.ts"
import type { RetryTimes } from "../../src/requester/internal/retryDecision.ts"
import { defaults, type Options } from "../../src/requester/Options.ts"
import type { Reason, RequestError } from "../../src/requester/RequestError.ts"
import type { Publication } from "../../src/publisher/Publication.ts"
import type { Publisher } from "../../src/publisher/Publisher.ts"
import type { TransportError } from "../../src/kafka/TransportError.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import type { ReplyFields } from "../../src/wire/ReplyEnvelope.ts"
import * as Stock from "../contract/stock.ts"
import * as ScriptedEventLoop from "../host/scriptedEventLoop.ts"
import { replyRecord, token } from "./fixtures.ts"

/** Takes publications and does nothing with them until told. */
export class ScriptedPublisher implements Publisher {
  readonly offered: Array<Publication> = []
  offer = (publication: Publication): void => void this.offered.push(publication)
  publish = (): Effect.Effect<never> => Effect.die("not scripted")
  partitions = (): Effect.Effect<number> => Effect.succeed(1)
  flush = Effect.void

  handOver(index: number): void {
    this.offered[index]!.delivery = "handed-over"
  }
  acknowledge(index: number): void {
    this.offered[index]!.delivery = "acknowledged"
    this.offered[index]!.onAcknowledged()
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
  readonly byteSize?: number
  readonly times?: RetryTimes
  readonly waitsForReady?: boolean
  readonly isCancelled?: boolean
  readonly operation?: "Get" | "Reserve" | "Take"
}

/** `chance` is drawn for the jitter; in the middle there is none. */
export const make = Effect.fnUntraced(function* (options: Partial<Options> = {}, chance = 0.5) {
  const clock = yield* Clock.Clock
  const scope = yield* Scope.fork(yield* Effect.scope)
  const publisher = new ScriptedPublisher()
  const log: Array<string> = []
  const cancelled: Array<number> = []
  const eventLoop = ScriptedEventLoop.make()
  let lost: TransportError | undefined
  const engine = yield* CallEngine.make({
    token,
    publisher,
    // What a test leaves behind is not waited for.
    options: { ...defaults, drainTimeout: 0, ...options },
    recorder: recorderInto(log),
    lostBecause: () => lost
  }).pipe(
    Scope.provide(scope),
    Effect.provideService(Random.Random, { nextDoubleUnsafe: () => chance, nextIntUnsafe: () => 0 }),
    eventLoop.provide
  )

  const exchange = (fields: CallFields = {}) =>
    Effect.suspend(() => {
      const startedAt = monotonicMillis(clock)
      return engine.exchange({
        operation: Stock.operation(fields.operation ?? "Get"),
        times: fields.times,
        startedAt,
        deadline: startedAt + (fields.timeout ?? 1_000),
        byteSize: fields.byteSize ?? 10,
        waitsForReady: fields.waitsForReady ?? true,
        canceller: fields.isCancelled === true ? { cancel: ({ number }) => void cancelled.push(number) } : undefined,
        recordOf: () => (attempt) => ({
          topic: "stock.requests",
          partition: 0,
          key: null,
          value: Buffer.of(attempt),
          headers: []
        })
      })
    })

  return {
    engine,
    eventLoop,
    publisher,
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
    /** Replies cannot come, for this reason, or can again. */
    lose: (cause: TransportError | undefined): void => void (lost = cause),
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
