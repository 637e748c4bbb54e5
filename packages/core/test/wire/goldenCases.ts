/**
 * The records whose bytes are pinned: what a requester and a responder write, and what Spring and NestJS programs send.
 */
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as CorrelationId from "../../src/wire/CorrelationId.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"

const token = Uint8Array.of(0x9f, 0x1c, 0x44, 0xd2, 0x07, 0xab, 0x30, 0xee)
const correlationId = CorrelationId.make(token, 17)
const deadline = 1_795_422_045_589
const at = 1_795_422_041_120
const replyTo = { topic: "inventory.replies", partition: 3 }
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
const text = (value: string): Uint8Array => Buffer.from(value, "utf8")

const call = { correlationId, deadline, timeout: 5000, attempt: 1, replyTo }
const answer = { correlationId, attempt: 1, at }

export const requests: Readonly<Record<string, RecordHeaders>> = {
  request: RequestEnvelope.encode({ ...call, operation: "GetStock" }),
  "request-with-everything": RequestEnvelope.encode({
    ...call,
    operation: "Reserve",
    attempt: 2,
    key: "order-17",
    isDiscard: true,
    contentType: "application/cbor",
    traceparent,
    callHeaders: [
      ["x-tenant", text("north")],
      ["x-tenant", text("Größe")],
      ["x-empty", new Uint8Array(0)],
      ["x-binary", Uint8Array.of(0, 255, 10)]
    ]
  }),
  "request-without-partition": RequestEnvelope.encode({
    ...call,
    operation: "GetStock",
    replyTo: { topic: "inventory.replies", partition: undefined }
  }),
  "request-quoted-text": RequestEnvelope.encode({ ...call, operation: `Say "\\"`, key: "Bestellung Nº 17 🍵" }),
  "request-long-key": RequestEnvelope.encode({ ...call, operation: "Reserve", key: "order-17/".repeat(40) }),
  "request-last-counter": RequestEnvelope.encode({
    ...call,
    operation: "GetStock",
    correlationId: CorrelationId.make(token, Number.MAX_SAFE_INTEGER)
  }),
  cancel: RequestEnvelope.encodeCancel(correlationId, "Reserve")
}

export const replies: Readonly<Record<string, RecordHeaders>> = {
  "reply-success": ReplyEnvelope.encode({ ...answer, outcome: "success" }),
  "reply-failure": ReplyEnvelope.encode({ ...answer, outcome: "failure" }),
  "reply-rejected": ReplyEnvelope.encode({ ...answer, outcome: "rejected", status: "invalid" }),
  "reply-rejected-retry-after": ReplyEnvelope.encode({
    ...answer,
    outcome: "rejected",
    status: "overloaded",
    retryAfter: 250
  }),
  "reply-defect": ReplyEnvelope.encode({ ...answer, outcome: "defect" }),
  "reply-interrupted": ReplyEnvelope.encode({ ...answer, outcome: "interrupted" }),
  "reply-cause": ReplyEnvelope.encode({ ...answer, outcome: "cause" }),
  "reply-accepted": ReplyEnvelope.encode({ ...answer, outcome: "accepted" }),
  "reply-with-everything": ReplyEnvelope.encode({
    ...answer,
    outcome: "success",
    from: "inventory-7f9c",
    ctl: 2,
    contentType: "application/cbor",
    traceparent,
    replyHeaders: [["x-cache", text("hit")]]
  }),
  "reply-to-foreign-id": ReplyEnvelope.encode({
    ...answer,
    outcome: "success",
    correlationId: text("3f0c2b1e-6c1f-4e57-9a53-5f3a0b9f9a11")
  })
}

/** As seen on the wire of spring-kafka 4.0.0 and NestJS 12.1.1. */
export const foreignRequests: Readonly<Record<string, RecordHeaders>> = {
  "foreign-spring-request": [
    ["kafka_replyTopic", text("inventory.replies")],
    ["kafka_replyPartition", Uint8Array.of(0, 0, 0, 1)],
    ["kafka_correlationId", Buffer.from("3f0c2b1e6c1f4e579a535f3a0b9f9a11", "hex")]
  ],
  "foreign-nest-request": [
    ["kafka_correlationId", text("V1StGXR8_Z5jdHi6B-myT")],
    ["kafka_replyTopic", text("inventory.reply")],
    ["kafka_replyPartition", text("12")]
  ]
}

export const foreignReplies: Readonly<Record<string, RecordHeaders>> = {
  "foreign-spring-reply": [
    ["kafka_correlationId", correlationId],
    ["__TypeId__", text("com.example.Stock")]
  ]
}
