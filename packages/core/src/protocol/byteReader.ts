/**
 * Reads Kafka's primitive types from a buffer. Byte arrays are views, not copies. Throws a `RangeError` past the end.
 */
export class ByteReader {
  readonly buffer: Buffer
  offset: number
  readonly end: number

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.buffer = buffer
    this.offset = offset
    this.end = end
  }

  get remaining(): number {
    return this.end - this.offset
  }

  int8(): number {
    const value = this.buffer.readInt8(this.offset)
    this.offset += 1
    return value
  }

  int16(): number {
    const value = this.buffer.readInt16BE(this.offset)
    this.offset += 2
    return value
  }

  int32(): number {
    const value = this.buffer.readInt32BE(this.offset)
    this.offset += 4
    return value
  }

  /** Exact up to 2^53. */
  int64(): number {
    return this.int32() * 0x1_0000_0000 + this.uint32()
  }

  uint32(): number {
    const value = this.buffer.readUInt32BE(this.offset)
    this.offset += 4
    return value
  }

  varInt(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer[this.offset++]
      if (byte === undefined || this.offset > this.end || shift > 28) throw new RangeError("a var-int does not end")
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1)
    }
  }

  /** Up to 2^53: what a timestamp's delta can be. */
  varLong(): number {
    let value = 0
    let scale = 1
    for (let length = 0; ; length++) {
      const byte = this.buffer[this.offset++]
      if (byte === undefined || this.offset > this.end || length > 9) throw new RangeError("a var-long does not end")
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 128
    }
  }

  bytes(length: number): Buffer {
    const to = this.offset + length
    if (length < 0 || to > this.end) throw new RangeError(`${length} bytes wanted, ${this.remaining} left`)
    const view = this.buffer.subarray(this.offset, to)
    this.offset = to
    return view
  }

  /** Null when the length is -1. */
  varBytes(): Buffer | null {
    const length = this.varInt()
    return length < 0 ? null : this.bytes(length)
  }

  /** The same, or `like` when it says the same. */
  varBytesLike(like: Uint8Array | undefined): Uint8Array | null {
    const length = this.varInt()
    if (length < 0) return null
    if (like === undefined || like.length !== length || this.offset + length > this.end) return this.bytes(length)
    const { buffer, offset } = this
    // The last byte first: ids and times differ there.
    for (let i = length - 1; i >= 0; i--) if (buffer[offset + i] !== like[i]) return this.bytes(length)
    this.offset += length
    return like
  }

  /** UTF-8; empty when the length is -1. `like` itself when it is ASCII and says the same. */
  varTextLike(like: string | undefined): string {
    const length = this.varInt()
    if (length <= 0) return ""
    const { buffer, offset } = this
    if (like !== undefined && like.length === length && offset + length <= this.end) {
      let at = length - 1
      while (at >= 0 && buffer[offset + at] === like.charCodeAt(at) && like.charCodeAt(at) < 0x80) at--
      if (at < 0) {
        this.offset += length
        return like
      }
    }
    return this.bytes(length).toString("utf8")
  }

  text(): string {
    const length = this.int16()
    return length < 0 ? "" : this.bytes(length).toString("utf8")
  }

  /** Plain var-int, without the sign's zig-zag: lengths and tags of flexible versions (KIP-482). */
  unsignedVarInt(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.buffer[this.offset++]
      if (byte === undefined || this.offset > this.end || shift > 28) throw new RangeError("a var-int does not end")
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
  }

  /** The number of elements that follow; 0 for null. */
  compactLength(): number {
    return Math.max(0, this.unsignedVarInt() - 1)
  }

  /** Empty when null. */
  compactBytes(): Buffer {
    return this.bytes(this.compactLength())
  }

  compactText(): string {
    return this.compactBytes().toString("utf8")
  }

  /** An id as 32 hexadecimal digits. */
  uuid(): string {
    return this.bytes(16).toString("hex")
  }

  /** Passes over the tagged fields that end every structure of a flexible version. */
  skipTags(): void {
    for (let count = this.unsignedVarInt(); count > 0; count--) {
      this.unsignedVarInt()
      this.bytes(this.unsignedVarInt())
    }
  }
}
