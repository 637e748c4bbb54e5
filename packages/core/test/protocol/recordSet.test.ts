import { gzipSync, zstdCompressSync } from "node:zlib"
import { compressSync } from "snappy"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { encodeProduce } from "../../src/protocol/produceCodec.ts"
import { compress, type Compression } from "../../src/protocol/compression.ts"
import { decodeRecordSet } from "../../src/protocol/recordSet.ts"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import { elementOf, int } from "../wire/arbitraries.ts"
import { records } from "../kafkajs/arbitraries.ts"
import { record } from "../kafkajs/fixtures.ts"

const topic = "t"
const timestamp = 1_795_422_045_589
const recordsAt = 61
const attributesAt = 21

/** One batch as a broker keeps it: cut out of a request, its first offset filled in. */
const batchOf = (
  values: ReadonlyArray<OutgoingRecord>,
  firstOffset: number,
  compression: Compression = "none"
): Buffer => {
  const request = encodeProduce([{ topic, partition: 0, records: values }], {
    timeoutMillis: 1,
    timestamp,
    compression
  })
  // request header fields 12, topic 2 + 1, partition count 4, partition 4, size 4
  const batch = Buffer.from(request.subarray(27))
  batch.writeBigInt64BE(BigInt(firstOffset), 0)
  return batch
}

const withAttributes = (batch: Buffer, attributes: number, body: Buffer = batch.subarray(recordsAt)): Buffer => {
  const changed = Buffer.concat([batch.subarray(0, recordsAt), body])
  changed.writeInt16BE(attributes, attributesAt)
  changed.writeInt32BE(changed.length - 12, 8)
  return changed
}

const compressed = (batch: Buffer, attributes: number, compress: (bytes: Buffer) => Buffer): Buffer =>
  withAttributes(batch, attributes, compress(batch.subarray(recordsAt)))

const decode = (bytes: Buffer, position: number) => decodeRecordSet(bytes, { topic, partition: 0 }, position)
const offsets = (bytes: Buffer, position: number) => decode(bytes, position).records.map(({ offset }) => offset)
const some = (count: number) =>
  Array.from({ length: count }, (_, i) => record(topic, 0, `value ${i}`, [["n", Buffer.of(i)]]))

const plain = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString("hex")

const shape = ({ headers, key, value }: OutgoingRecord) => ({
  key: plain(key),
  value: plain(value),
  headers: headers.map(([name, bytes]) => [name, plain(bytes)])
})

describe("recordSet", () => {
  it.prop(
    "gives back what was written, in order",
    [records, int(0, Number.MAX_SAFE_INTEGER - 1_000)],
    ([batch, first]) => {
      const { next, records, unreadable } = decode(batchOf(batch, first), first)
      assert.strictEqual(next, first + batch.length)
      assert.lengthOf(unreadable, 0)
      assert.deepStrictEqual(records.map(shape), batch.map(shape))
      assert.deepStrictEqual(
        records.map(({ offset }) => offset),
        batch.map((_, index) => first + index)
      )
      assert.isTrue(records.every((record) => record.timestamp === timestamp))
    }
  )

  it.prop(
    "P10/codecs: gives back what was written compressed, and tells the leader epoch and the topic's id",
    [records, elementOf<Compression>(["gzip", "snappy", "lz4", "zstd"])],
    ([batch, compression]) => {
      // Often enough that it gets smaller.
      const values = Array.from({ length: 20 }, () => batch).flat()
      const bytes = batchOf(values, 0, compression)
      bytes.writeInt32BE(7, 12)
      const { records, unreadable } = decodeRecordSet(bytes, { topic, partition: 0, topicId: "id" }, 0)
      assert.lengthOf(unreadable, 0)
      assert.deepStrictEqual(records.map(shape), values.map(shape))
      assert.isTrue(records.every(({ leaderEpoch, topicId }) => leaderEpoch === 7 && topicId === "id"))
      // A few empty records are not worth a frame.
      const plainLength = batchOf(values, 0).length
      if (plainLength > 1_000) assert.isBelow(bytes.length, plainLength)
    }
  )

  it.prop("skips what lies before the position", [int(0, 25)], ([position]) => {
    const bytes = Buffer.concat([batchOf(some(10), 0), batchOf(some(10), 10)])
    assert.deepStrictEqual(offsets(bytes, position), Array.from({ length: 20 }, (_, i) => i).slice(position))
    assert.strictEqual(decode(bytes, position).next, Math.max(20, position))
  })

  it.prop("takes a cut-off batch for the end", [int(0, 400)], ([cut]) => {
    const whole = batchOf(some(3), 0)
    const tail = batchOf(some(30), 3)
    const { next, records, unreadable } = decode(
      Buffer.concat([whole, tail.subarray(0, Math.min(cut, tail.length - 1))]),
      0
    )
    assert.deepStrictEqual([next, records.length, unreadable.length], [3, 3, 0])
  })

  it("reads gzip and zstd", () => {
    const bytes = Buffer.concat([
      compressed(batchOf(some(2), 0), 1, gzipSync),
      compressed(batchOf(some(3), 2), 4, zstdCompressSync)
    ])
    assert.deepStrictEqual(offsets(bytes, 0), [0, 1, 2, 3, 4])
  })

  it("passes over what it cannot read, and says so", () => {
    for (const broken of [
      withAttributes(batchOf(some(2), 2), 2),
      withAttributes(batchOf(some(2), 2), 3),
      withAttributes(batchOf(some(2), 2), 7),
      withAttributes(batchOf(some(2), 2), 1),
      lyingLength()
    ]) {
      const { next, records, unreadable } = decode(Buffer.concat([batchOf(some(2), 0), broken, batchOf(some(1), 4)]), 0)
      assert.deepStrictEqual(
        records.map(({ offset }) => offset),
        [0, 1, 4]
      )
      assert.deepStrictEqual(
        unreadable.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset]),
        [[2, 3]]
      )
      assert.strictEqual(next, 5)
    }
  })

  it.each([30, 200])("requester R10: refuses records of an old format, of %i bytes, and leaps over none", (size) => {
    const old = Buffer.alloc(size)
    old.writeBigInt64BE(2n)
    old.writeInt32BE(size - 12, 8)
    old.writeInt8(1, 16)
    const bytes = Buffer.concat([batchOf(some(2), 0), old])
    assert.deepStrictEqual([offsets(bytes, 0), decode(bytes, 0).next], [[0, 1], 2])
    assert.deepStrictEqual(
      [decode(bytes, 0).oldFormat, decode(old, 2).oldFormat, decode(old, 2).next],
      [undefined, 1, 2]
    )
  })

  // 65 MiB of zeros are some kilobytes when compressed, and are many readable records of no bytes.
  it.each([
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
    ["snappy", 2, (bytes: Buffer) => compress("snappy", bytes)],
    ["raw snappy", 2, (bytes: Buffer) => compressSync(bytes)],
    ["lz4", 3, (bytes: Buffer) => compress("lz4", bytes)]
  ] as const)("passes over a batch of %s that expands without measure", (_, attributes, pack) => {
    const bomb = withAttributes(batchOf(some(2), 2), attributes, pack(Buffer.alloc(65 * 2 ** 20)))
    const bytes = Buffer.concat([batchOf(some(2), 0), bomb, batchOf(some(1), 4)])
    const { next, records, unreadable } = decode(bytes, 0)
    assert.deepStrictEqual(
      records.map(({ offset }) => offset),
      [0, 1]
    )
    assert.deepStrictEqual(
      unreadable.map(({ firstOffset, lastOffset }) => [firstOffset, lastOffset]),
      [[2, 3]]
    )
    assert.include(unreadable[0]?.reason, "more than 67108864 bytes")
    // What one answer may cost is used up: the rest is for the next fetch.
    assert.strictEqual(next, 4)
    assert.deepStrictEqual(offsets(bytes, next), [4])
  })

  it("leaves the rest for the next fetch once it has expanded 64 MiB, also over several batches", () => {
    const large = record(topic, 0, "x".repeat(40 * 2 ** 20))
    const bytes = Buffer.concat([0, 1, 2].map((at) => compressed(batchOf([large], at), 4, zstdCompressSync)))
    const { next, records } = decode(bytes, 0)
    assert.deepStrictEqual([next, records.length], [2, 2])
  })

  it("passes over a batch of more records than any writer makes", () => {
    const bomb = compressed(withAttributes(batchOf(some(1), 0), 0, Buffer.alloc(1_000_010)), 4, zstdCompressSync)
    bomb.writeInt32BE(1_000_001, recordsAt - 4)
    const { records, unreadable } = decode(bomb, 0)
    assert.deepStrictEqual([records.length, unreadable.length], [0, 1])
  })

  it("passes over control batches and over batches that compaction emptied", () => {
    const control = withAttributes(batchOf(some(1), 0), 0x20)
    const emptied = withAttributes(batchOf(some(4), 1), 0, Buffer.alloc(0))
    emptied.writeInt32BE(0, recordsAt - 4)
    const { next, records, unreadable } = decode(Buffer.concat([control, emptied]), 0)
    assert.deepStrictEqual([next, records.length, unreadable.length], [5, 0, 0])
  })

  it("takes the broker's time where the topic says so", () => {
    const batch = withAttributes(batchOf(some(2), 0), 0x8)
    batch.writeBigInt64BE(1_800_000_000_000n, 35)
    assert.deepStrictEqual(
      decode(batch, 0).records.map(({ timestamp }) => timestamp),
      [1_800_000_000_000, 1_800_000_000_000]
    )
  })

  it.prop(
    "never throws, whatever the bytes",
    [Arbitrary.array(int(0, 255), { minLength: 0, maxLength: 200 }), int(0, 200)],
    ([noise, at]) => {
      const bytes = batchOf(some(4), 0)
      bytes.set(noise.slice(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length))
      decode(bytes, 0)
    }
  )
})

/** A batch whose first record claims to be longer than the batch. */
const lyingLength = (): Buffer => {
  const batch = batchOf(some(2), 2)
  batch[recordsAt] = 0x7e
  batch.fill(0xff, recordsAt + 4)
  return batch
}
