/**
 * One request of the Kafka protocol by hand: Metadata, version 4, and what of its answer tells about health.
 *
 * A client library hides what a health check wants to see (it retries, reconnects and keeps timers), so this is bytes.
 * Source: kafka.apache.org/protocol, "Metadata API (Key: 3)".
 */

/** A broker as the cluster knows it. */
export interface ClusterBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export interface ClusterTopic {
  readonly name: string
  readonly internal: boolean
  /** Leader node ids by order of the answer; -1 when there is none. */
  readonly leaders: ReadonlyArray<number>
}

export interface ClusterMetadata {
  readonly brokers: ReadonlyArray<ClusterBroker>
  readonly controllerId: number
  readonly topics: ReadonlyArray<ClusterTopic>
}

const metadataKey = 3
const metadataVersion = 4
const correlationId = 0x6b616b61
const clientId = "dev-kafka"

/** A whole request with its length prefix, asking for all topics. */
export const metadataRequest = (): Buffer => {
  const body = Buffer.alloc(2 + 2 + 4 + 2 + clientId.length + 4 + 1)
  let at = body.writeInt16BE(metadataKey, 0)
  at = body.writeInt16BE(metadataVersion, at)
  at = body.writeInt32BE(correlationId, at)
  at = body.writeInt16BE(clientId.length, at)
  at += body.write(clientId, at)
  at = body.writeInt32BE(-1, at)
  body.writeUInt8(0, at)
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** How long the answer is, prefix included, once its first four bytes are there. */
export const answerLength = (received: Buffer): number | undefined =>
  received.length < 4 ? undefined : received.readInt32BE(0) + 4

class Reader {
  private at = 4
  private readonly bytes: Buffer
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  int8(): number {
    return this.bytes.readInt8(this.advance(1))
  }
  int16(): number {
    return this.bytes.readInt16BE(this.advance(2))
  }
  int32(): number {
    return this.bytes.readInt32BE(this.advance(4))
  }
  string(): string {
    const length = this.int16()
    return length < 0 ? "" : this.bytes.toString("utf8", this.advance(length), this.at)
  }
  array<A>(item: () => A): ReadonlyArray<A> {
    const length = this.int32()
    if (length > this.bytes.length) throw new RangeError(`an array of ${length} in ${this.bytes.length} bytes`)
    return Array.from({ length: Math.max(0, length) }, item)
  }
  private advance(count: number): number {
    const start = this.at
    this.at += count
    if (this.at > this.bytes.length) throw new RangeError("the answer is cut short")
    return start
  }
}

/** Reads a whole answer. Throws a `RangeError` when it is not one to our request. */
export const readMetadata = (answer: Buffer): ClusterMetadata => {
  const reader = new Reader(answer)
  if (reader.int32() !== correlationId) throw new RangeError("the answer is not Kafka's")
  reader.int32()
  const brokers = reader.array(() => {
    const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() }
    reader.string()
    return broker
  })
  reader.string()
  const controllerId = reader.int32()
  const topics = reader.array(() => {
    reader.int16()
    const name = reader.string()
    const internal = reader.int8() === 1
    const leaders = reader.array(() => {
      reader.int16()
      reader.int32()
      const leader = reader.int32()
      reader.array(() => reader.int32())
      reader.array(() => reader.int32())
      return leader
    })
    return { name, internal, leaders }
  })
  return { brokers, controllerId, topics }
}
