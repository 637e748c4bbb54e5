/**
 * One method of a client over an engine that notes what it is given.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Operation } from "../../src/contract/Operation.ts"
import type { Prepared } from "../../src/requester/internal/callEngine.ts"
import type { Reply } from "../../src/requester/internal/pendingCall.ts"
import * as UnaryCall from "../../src/requester/internal/unaryCall.ts"
import { defaults, type Options } from "../../src/requester/Options.ts"
import { RequestError } from "../../src/requester/RequestError.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import * as Stock from "../contract/stock.ts"
import { recorderInto } from "./engine.ts"
import { reply, token } from "./fixtures.ts"

export type Tag = "Get" | "Reserve" | "Take" | "Odd" | "Ping"

export const correlationId = CorrelationId.make(token, 1)

export type Middleware = Parameters<typeof UnaryCall.make>[1][number]

/** A method over an engine that notes what it is given and answers at once. */
export const method = (
  tag: Tag | Operation,
  answer: Effect.Effect<Reply, RequestError> = Effect.succeed(reply({}, { sku: "a", left: 3 })),
  options: Partial<Options> = {},
  middlewares: ReadonlyArray<Middleware> = []
) => {
  const prepared: Array<Prepared> = []
  const counted: Array<string> = []
  let turn = 0
  const call = UnaryCall.make(typeof tag === "string" ? Stock.operation(tag) : tag, middlewares, {
    engine: {
      exchange: (one) => {
        prepared.push(one)
        return answer
      },
      onReplies: () => {},
      onReplyAddressLost: () => {},
      inFlight: () => 0
    },
    // By key always to 2, else in turn.
    router: { topic: "stock.requests", route: (key, shift) => (key === null ? turn++ : 2 + shift) },
    canceller: undefined,
    watch: undefined,
    replyTo: () => ({ topic: "stock.replies", partition: 5 }),
    options: { ...defaults, ...options },
    recorder: recorderInto(counted),
    maxTimeoutMillis: 300_000
  })
  /** The record of an attempt of the only call, and its envelope. */
  const sent = (attempt = 1) => {
    assert.strictEqual(prepared.length, 1)
    const record = prepared[0]!.recordOf(correlationId)(attempt)
    const envelope = Result.getOrThrow(RequestEnvelope.decode(record.headers))
    if (envelope.kind !== "request") throw new Error(envelope.kind)
    return { record, envelope, prepared: prepared[0]! }
  }
  return {
    call: call as (...args: Parameters<typeof call>) => Effect.Effect<unknown, unknown>,
    prepared,
    sent,
    counted
  }
}

/** How a call ended, in a word; what is no `RequestError` is named as that. */
export const reasonOf = <A>(effect: Effect.Effect<A, unknown>): Effect.Effect<string> =>
  Effect.map(Effect.exit(effect), (exit) => {
    if (Exit.isSuccess(exit)) return "success"
    const error = Cause.squash(exit.cause)
    return error instanceof RequestError && !Cause.hasDies(exit.cause) ? error.reason._tag : `died: ${String(error)}`
  })
