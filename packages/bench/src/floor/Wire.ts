/**
 * What travels between the floor's two halves: the headers that this project sends, with as many bytes, read as plainly as
 * can be. A record is the same for both codecs.
 */
export const requests = "floor.requests"
export const replies = "floor.replies"
export const group = "floor.responder"

export interface FloorRecord {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: ReadonlyArray<readonly [name: string, value: Buffer]>
}

/** What a driver of the floor hands over. */
export interface FloorMessage {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly header: (name: string) => Uint8Array | undefined
}

/** Kafka as the floor uses it, by one codec or the other. */
export interface FloorLink {
  readonly send: (batch: ReadonlyArray<FloorRecord>) => Promise<unknown>
  /** Reads a topic's only partition from its end, without a group; resolves when the position is fixed. */
  readonly read: (topic: string, onMessages: (messages: ReadonlyArray<FloorMessage>) => void) => Promise<unknown>
}
