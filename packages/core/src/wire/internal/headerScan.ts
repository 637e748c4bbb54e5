/**
 * One pass over a record's headers: the protocol's own, the last of each name, and the others in their order.
 */
import { toLatin1 } from "../Bytes.ts"
import * as Bounds from "../Bounds.ts"
import * as HeaderNames from "../HeaderNames.ts"
import type { RecordHeader, RecordHeaders } from "../RecordHeaders.ts"

export interface Scan {
  correlationId: Uint8Array | undefined
  replyTopic: Uint8Array | undefined
  replyPartition: Uint8Array | undefined
  rr: Uint8Array | undefined
  traceparent: string | undefined
  /** A bound that the headers as a whole exceed. */
  refusal: string | undefined
  others: ReadonlyArray<RecordHeader>
}

const noHeaders: ReadonlyArray<RecordHeader> = []

// An invalid trace header is ignored, because tracing must not make a call fail.
const traceparentOf = (value: Uint8Array): string | undefined =>
  value.length === 0 || value.length > Bounds.maxTraceparentLength ? undefined : toLatin1(value)

// A UTF-16 code unit takes at most this many bytes in UTF-8.
const maxBytesPerUnit = 3

const headerBytes = (headers: RecordHeaders): number => {
  let bytes = 0
  for (const [name, value] of headers) bytes += Buffer.byteLength(name, "utf8") + value.length
  return bytes
}

export const scan = (headers: RecordHeaders): Scan => {
  const found: Scan = {
    correlationId: undefined,
    replyTopic: undefined,
    replyPartition: undefined,
    rr: undefined,
    traceparent: undefined,
    refusal: undefined,
    others: noHeaders
  }
  let others: Array<RecordHeader> | undefined
  // Exact counting is slow, and few records come near the bound, so the upper estimate is tried first.
  let bytesAtMost = 0
  for (const header of headers) {
    const [name, value] = header
    bytesAtMost += maxBytesPerUnit * name.length + value.length
    switch (name) {
      case HeaderNames.correlationId:
        found.correlationId = value
        break
      case HeaderNames.replyTopic:
        found.replyTopic = value
        break
      case HeaderNames.replyPartition:
        found.replyPartition = value
        break
      case HeaderNames.rr:
        found.rr = value
        break
      case HeaderNames.traceparent:
        found.traceparent = traceparentOf(value)
        break
      default:
        if (others === undefined) found.others = others = []
        others.push(header)
    }
  }
  if (headers.length > Bounds.maxHeaderCount) found.refusal = `more than ${Bounds.maxHeaderCount} headers`
  else if (bytesAtMost > Bounds.maxHeaderBytes && headerBytes(headers) > Bounds.maxHeaderBytes) {
    found.refusal = `headers of more than ${Bounds.maxHeaderBytes} bytes`
  }
  return found
}

/** The correlation id when it is one: of at least a byte, and within the bound. */
export const correlationIdOf = ({ correlationId }: Scan): Uint8Array | undefined =>
  correlationId !== undefined && correlationId.length > 0 && correlationId.length <= Bounds.maxCorrelationIdBytes
    ? correlationId
    : undefined
