/**
 * Writes Kafka's primitive types into a buffer of exactly the size that was measured before.
 *
 * Var-ints are zig-zag coded, seven bits a byte, as in protocol buffers.
 */

/** Bytes of a signed var-int of at most 32 bits. */
export const varIntSize = (value: number): number => {
  const zigZag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigZag < 0x80) return 1
  if (zigZag < 0x4000) return 2
  if (zigZag < 0x20_0000) return 3
  return zigZag < 0x1000_0000 ? 4 : 5
}

/** Bytes of a length and that many bytes; -1 stands for null. */
export const varBytesSize = (length: number): number => (length < 0 ? 1 : varIntSize(length) + length)

export class ByteWriter {
  readonly buffer: Buffer
  offset = 0

  constructor(size: number) {
    this.buffer = Buffer.allocUnsafe(size)
  }

  int8(value: number): void {
    this.offset = this.buffer.writeInt8(value, this.offset)
  }

  int16(value: number): void {
    this.offset = this.buffer.writeInt16BE(value, this.offset)
  }

  int32(value: number): void {
    this.offset = this.buffer.writeInt32BE(value, this.offset)
  }

  uint32At(offset: number, value: number): void {
    this.buffer.writeUInt32BE(value, offset)
  }

  /** An integer of at most 2^53. */
  int64(value: number): void {
    this.int32(Math.floor(value / 0x1_0000_0000))
    this.offset = this.buffer.writeUInt32BE(value >>> 0, this.offset)
  }

  varInt(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    while (rest >= 0x80) {
      this.buffer[this.offset++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.offset++] = rest
  }

  bytes(bytes: Uint8Array): void {
    this.buffer.set(bytes, this.offset)
    this.offset += bytes.length
  }

  varBytes(bytes: Uint8Array | null): void {
    if (bytes === null) return this.varInt(-1)
    this.varInt(bytes.length)
    this.bytes(bytes)
  }

  /** Text with a length of 16 bits; null has the length -1. */
  text(text: string | null): void {
    if (text === null) return this.int16(-1)
    const at = this.offset
    this.offset += 2
    this.offset += this.buffer.write(text, this.offset)
    this.buffer.writeInt16BE(this.offset - at - 2, at)
  }

  /** Plain var-int, without the sign's zig-zag: lengths of flexible versions (KIP-482). */
  unsignedVarInt(value: number): void {
    let rest = value >>> 0
    while (rest >= 0x80) {
      this.buffer[this.offset++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.buffer[this.offset++] = rest
  }

  /** The number of elements that follow. */
  compactLength(count: number): void {
    this.unsignedVarInt(count + 1)
  }

  compactText(text: string): void {
    this.compactLength(Buffer.byteLength(text))
    this.offset += this.buffer.write(text, this.offset)
  }

  /** An id given as 32 hexadecimal digits. */
  uuid(id: string): void {
    this.offset += this.buffer.write(id, this.offset, "hex")
  }

  /** No tagged fields. */
  noTags(): void {
    this.int8(0)
  }

  /** What has been written, of a buffer that was made large enough. */
  get written(): Buffer {
    return this.buffer.subarray(0, this.offset)
  }
}
