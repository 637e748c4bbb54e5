/**
 * What the requester's tests share: calls, and replies as they come from the log.
 */
import type { Operation } from "../../src/contract/Operation.ts"
import { Call, type Reply } from "../../src/requester/internal/call.ts"
import type { ContractRoute } from "../../src/requester/internal/contractRoute.ts"
import type { RequestTemplate } from "../../src/requester/internal/prepare.ts"
import * as Hedgings from "../../src/requester/internal/hedging.ts"
import type { Hedging } from "../../src/requester/internal/hedging.ts"
import type { RetryTimes } from "../../src/requester/internal/retry.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import * as Result from "effect/Result"
import * as Stock from "../contract/stock.ts"

export const token = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)

/** A template with no headers of its own; its payload is as long as `payloadBytes` says. */
export const template = (
  fields: {
    readonly operation?: Operation
    readonly startedAt?: number
    readonly deadline?: number
    readonly payloadBytes?: number
    readonly policy?: RetryTimes | undefined
    readonly hedging?: Hedging | undefined
    readonly waitsForReady?: boolean
    readonly key?: Uint8Array | null
  } = {}
): RequestTemplate => {
  const operation = fields.operation ?? Stock.operation("Get")
  const { deadline = 1_000, startedAt = 0 } = fields
  return {
    operation,
    policy: fields.policy,
    hedging: fields.hedging,
    startedAt,
    deadline,
    waitsForReady: fields.waitsForReady ?? true,
    key: fields.key ?? null,
    value: new Uint8Array(fields.payloadBytes ?? 0),
    fields: { operation: operation.tag, deadline: 0, timeout: Math.max(0, deadline - startedAt) }
  }
}

/** Routes keys to 2, else in turn from 0; elsewhere is the next after all that were tried. */
export const route = (canceller?: ContractRoute["canceller"]): ContractRoute => {
  let turn = 0
  return {
    router: {
      topic: "stock.requests",
      route: (key) => (key === null ? turn++ : 2),
      elsewhere: (without) => Math.max(...without) + 1,
      learn: () => {}
    },
    canceller,
    watch: undefined,
    hedgingOf: Hedgings.perOperation()
  }
}

export const pendingCall = (
  number: number,
  fields: {
    readonly deadline?: number
    readonly payloadBytes?: number
    readonly retryAt?: number
    readonly policy?: RetryTimes
    readonly operation?: Operation
  } = {}
): Call => {
  const record = { topic: "stock.requests", partition: 0, key: null, value: null, headers: [] }
  const call = new Call(record, {
    owner: { attemptRefused: () => {} },
    number,
    correlationId: CorrelationId.make(token, number),
    template: template(fields),
    route: route(),
    resume: () => {},
    history: undefined
  })
  call.retryAt = fields.retryAt ?? Number.POSITIVE_INFINITY
  return call
}

/** A record of the reply topic. The body is a JSON value, or bytes as they are. */
export const replyRecord = (
  correlationId: Uint8Array,
  fields: Partial<ReplyEnvelope.ReplyFields> = {},
  body: unknown = null
): ConsumedRecord => ({
  topic: "stock.replies",
  partition: 0,
  offset: 0,
  timestamp: 0,
  key: null,
  value: body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body)),
  headers: ReplyEnvelope.encode({ outcome: "success", ...fields, correlationId })
})

export const reply = (fields: Partial<ReplyEnvelope.ReplyFields> = {}, body: unknown = null): Reply => {
  const record = replyRecord(CorrelationId.make(token, 1), fields, body)
  return { record, envelope: Result.getOrThrow(ReplyEnvelope.decode(record.headers)) }
}
