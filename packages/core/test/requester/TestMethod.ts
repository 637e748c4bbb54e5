/**
 * One method of a client over an engine that notes what it is given.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Operation } from "../../src/contract/Operation.ts"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import type { Reply } from "../../src/requester/internal/call.ts"
import * as Method from "../../src/requester/internal/method.ts"
import type { RequestTemplate } from "../../src/requester/internal/prepare.ts"
import { defaults, type Options } from "../../src/requester/Options.ts"
import { RequestError } from "../../src/requester/RequestError.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import * as Stock from "../contract/stock.ts"
import { recorderInto } from "./ScriptedCalls.ts"
import { reply, route, token } from "./fixtures.ts"

export type Tag = "Get" | "Reserve" | "Take" | "Odd" | "Ping"

export const correlationId = CorrelationId.make(token, 1)

export type Middleware = Parameters<typeof Method.make>[1][number]

/** A method over an engine that notes what it is given and answers at once. */
export const method = (
  tag: Tag | Operation,
  answer: Effect.Effect<Reply, RequestError> = Effect.succeed(reply({}, { sku: "a", left: 3 })),
  options: Partial<Options> = {},
  middlewares: ReadonlyArray<Middleware> = []
) => {
  const prepared: Array<RequestTemplate> = []
  const counted: Array<string> = []
  const build = Effect.map(Clock.Clock, (clock) =>
    Method.make(typeof tag === "string" ? Stock.operation(tag) : tag, middlewares, {
      calls: {
        exchange: (one) => {
          prepared.push(one)
          return answer
        },
        now: () => monotonicMillis(clock),
        wallMillis: () => clock.currentTimeMillisUnsafe(),
        within: (_, effect) => effect
      },
      route: route(),
      options: { ...defaults, ...options },
      recorder: recorderInto(counted),
      maxTimeoutMillis: 300_000
    })
  )
  /** The only template, and what the headers of its first attempt say. */
  const sent = () => {
    assert.strictEqual(prepared.length, 1)
    const [template] = prepared as [RequestTemplate]
    const address = { topic: "stock.replies", partition: 5 }
    const { fields } = template
    const headers = RequestEnvelope.encodeAttempt(fields, fields.timeout, correlationId, address, 1)
    const envelope = Result.getOrThrow(RequestEnvelope.decode(headers))
    if (envelope.kind !== "request") throw new Error(envelope.kind)
    return { envelope, template }
  }
  return {
    call: (payload: unknown, own?: Method.CallOptions) =>
      Effect.flatMap(build, (call) => call(payload, own)) as Effect.Effect<unknown, unknown>,
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
