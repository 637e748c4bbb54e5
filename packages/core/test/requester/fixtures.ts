/**
 * What the requester's tests share: calls, and replies as they come from the log.
 */
import type { Operation } from "../../src/contract/Operation.ts"
import { PendingCall, type Reply } from "../../src/requester/internal/pendingCall.ts"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import * as Result from "effect/Result"
import * as Stock from "../contract/stock.ts"

export const token = Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1)

export const pendingCall = (
  number: number,
  fields: {
    readonly deadline?: number
    readonly byteSize?: number
    readonly retryAt?: number
    readonly operation?: Operation
  } = {}
): PendingCall => {
  const call = new PendingCall({
    number,
    correlationId: CorrelationId.make(token, number),
    operation: fields.operation ?? Stock.operation("Get"),
    startedAt: 0,
    deadline: fields.deadline ?? 1_000,
    byteSize: fields.byteSize ?? 0,
    waitsForReady: true,
    resend: undefined,
    times: undefined
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
