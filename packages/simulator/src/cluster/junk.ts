/**
 * Records that are no proper requests: what other programs, old versions and mistakes write to a request topic.
 */
import type { OutgoingRecord } from "@kafka-request-reply/core/Transport"
import * as HeaderNames from "@kafka-request-reply/core/simulator/wire/HeaderNames"
import * as RequestEnvelope from "@kafka-request-reply/core/simulator/wire/RequestEnvelope"
import type { RecordHeaders } from "@kafka-request-reply/core/simulator/wire/RecordHeaders"
import { epoch } from "../kernel/VirtualClock.ts"

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8")

const id = bytes("a foreign id, 22 bytes")

const request = (operation: string, deadline: number, replyTopic: string): RecordHeaders =>
  RequestEnvelope.encode({
    kind: "request",
    operation,
    deadline,
    timeout: 1_000,
    key: undefined,
    isDiscard: false,
    traceparent: undefined,
    callHeaders: [],
    correlationId: id,
    replyTo: { topic: replyTopic, partition: 0 },
    attempt: 1
  })

const withoutReplyAddress = (headers: RecordHeaders): RecordHeaders =>
  headers.filter(([name]) => name !== HeaderNames.replyTopic && name !== HeaderNames.replyPartition)

const never = epoch + 60_000
const payload = '{"subject":"junk","value":0,"millis":0,"behaviour":"ok","padding":""}'

const variants: ReadonlyArray<{ readonly headers: RecordHeaders; readonly value: Uint8Array | null }> = [
  { headers: [], value: null },
  { headers: [], value: bytes("no request at all") },
  { headers: [[HeaderNames.correlationId, id]], value: bytes(payload) },
  { headers: [["rr", bytes("v=1, op=")]], value: bytes(payload) },
  { headers: [["rr", Uint8Array.of(0xff, 0xfe, 0x00)]], value: null },
  { headers: request("Unknown", never, "sim.replies"), value: bytes(payload) },
  { headers: request("Do", never, "sim.replies"), value: bytes("{") },
  { headers: request("Do", never, "sim.replies"), value: bytes('{"subject":1}') },
  { headers: request("Do", never, "somewhere.else"), value: bytes(payload) },
  { headers: request("Do", epoch - 60_000, "sim.replies"), value: bytes(payload) },
  { headers: request("Put", never, "sim.replies"), value: null },
  { headers: request("Do", never, "sim.replies"), value: bytes(`{"padding":"${"x".repeat(4_000)}"}`) },
  { headers: withoutReplyAddress(request("Do", never, "sim.replies")), value: bytes(payload) },
  {
    headers: [
      [HeaderNames.correlationId, id],
      [HeaderNames.replyTopic, bytes("sim.replies")]
    ],
    value: bytes("another program's request")
  }
]

/** One of them, addressed to a partition of the request topic. */
export const junkOf = (variant: number, partition: number): OutgoingRecord => ({
  topic: "sim.requests",
  partition,
  key: null,
  ...variants[variant % variants.length]!
})
