/**
 * Kafka record headers as an ordered list, because Kafka allows a name to repeat and the order to matter.
 *
 * Stops at bytes: what a header means is the business of the envelopes beside this file.
 */

/** One header. The value is never text here; an absent value (Kafka allows null) reads as an empty one. */
export type RecordHeader = readonly [name: string, value: Uint8Array]

/** The headers of one record, in the order they have on the wire. */
export type RecordHeaders = ReadonlyArray<RecordHeader>

/** The value of the last header of this name: when a name repeats, the last one counts (protocol.md). */
export const last = (headers: RecordHeaders, name: string): Uint8Array | undefined => {
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i]!
    if (header[0] === name) return header[1]
  }
  return undefined
}
