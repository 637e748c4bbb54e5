/**
 * What the responder's tests share: records, and requests as they are on their way.
 */
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"

export const recordAt = (offset: number, fields: Partial<ConsumedRecord> = {}): ConsumedRecord => ({
  topic: "stock.requests",
  partition: 0,
  offset,
  timestamp: offset,
  key: null,
  value: null,
  headers: [],
  ...fields
})

export const correlationId = (number: number): Uint8Array => Uint8Array.of(1, 2, 3, 4, 5, 6, 7, number)

/** The headers of a request for `Get` that can be answered. */
export const requestHeaders = (
  fields: Partial<RequestEnvelope.Fields & RequestEnvelope.AttemptFields> = {}
): RecordHeaders =>
  RequestEnvelope.encode({
    operation: "Get",
    deadline: 10_000,
    timeout: 5_000,
    attempt: 1,
    correlationId: correlationId(1),
    replyTo: { topic: "stock.replies", partition: 3 },
    ...fields
  })
