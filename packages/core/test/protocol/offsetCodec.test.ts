import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { ByteReader } from "../../src/protocol/byteReader.ts"
import { ByteWriter } from "../../src/protocol/byteWriter.ts"
import { decodeEpochs, encodeEpochs } from "../../src/protocol/epochCodec.ts"
import { decodeGroup, encodeGroup } from "../../src/protocol/groupCodec.ts"
import {
  type CommittedOffset,
  decodeCommit,
  decodeCommitted,
  encodeCommit,
  encodeCommitted
} from "../../src/protocol/offsetCodec.ts"
import { int } from "../wire/arbitraries.ts"

const topics = ["requests", "orders", "größe", ""]
const metadata = ["", "done: 1,3", "ünïcode"]

/** Offsets of several topics in any order, some of them never committed. */
const offsets: Arbitrary.Arbitrary<ReadonlyArray<CommittedOffset>> = Arbitrary.array(
  Arbitrary.map(
    Arbitrary.all([int(0, topics.length - 1), int(0, 99), int(-1, 2 ** 48), int(-1, 9), int(0, 2)] as const),
    ([topic, partition, offset, leaderEpoch, text]) => ({
      topic: topics[topic]!,
      partition,
      offset,
      leaderEpoch,
      metadata: metadata[text]!
    })
  ),
  { minLength: 0, maxLength: 20 }
)

const byTopic = <A extends { readonly topic: string }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
  [...Map.groupBy(all, ({ topic }) => topic).values()].flat()

/** Reads topics with their partitions, as requests have them. */
const readAll = <A>(reader: ByteReader, partition: (topic: string) => A): ReadonlyArray<A> =>
  Array.from({ length: reader.int32() }, () => {
    const topic = reader.text()
    return Array.from({ length: reader.int32() }, () => partition(topic))
  }).flat()

/** Writes topics with their partitions, as answers have them. */
const answer = <A extends { readonly topic: string }>(
  all: ReadonlyArray<A>,
  partition: (out: ByteWriter, one: A) => void,
  errorCode?: number
): Buffer => {
  const out = new ByteWriter(4_096)
  out.int32(7)
  const groups = Map.groupBy(all, ({ topic }) => topic)
  out.int32(groups.size)
  for (const [topic, ones] of groups) {
    out.text(topic)
    out.int32(ones.length)
    for (const one of ones) partition(out, one)
  }
  if (errorCode !== undefined) out.int16(errorCode)
  return out.written
}

describe("offsets with their leader epochs", () => {
  it.prop("a commit says all of every partition", [offsets], ([offsets]) => {
    const reader = new ByteReader(encodeCommit({ groupId: "grüppe", generationId: 3, memberId: "me", offsets }))
    assert.deepStrictEqual([reader.text(), reader.int32(), reader.text()], ["grüppe", 3, "me"])
    const said = readAll(reader, (topic) => ({
      topic,
      partition: reader.int32(),
      offset: reader.int64(),
      leaderEpoch: reader.int32(),
      metadata: reader.text()
    }))
    assert.deepStrictEqual(said, byTopic(offsets))
    assert.strictEqual(reader.remaining, 0)
  })

  it.prop("what was committed is read with its epoch, and each partition's error", [offsets], ([offsets]) => {
    const bytes = answer(
      offsets,
      (out, { leaderEpoch, metadata, offset, partition }) => {
        out.int32(partition)
        out.int64(offset)
        out.int32(leaderEpoch)
        out.text(metadata)
        out.int16(partition % 5)
      },
      14
    )
    assert.deepStrictEqual(decodeCommitted(bytes), {
      clientSideThrottleTime: 7,
      partitions: byTopic(offsets).map((one) => ({ ...one, errorCode: one.partition % 5 })),
      errorCode: 14
    })
    const reader = new ByteReader(encodeCommitted("group", offsets))
    assert.strictEqual(reader.text(), "group")
    assert.deepStrictEqual(
      readAll(reader, (topic) => ({ topic, partition: reader.int32() })),
      byTopic(offsets).map(({ partition, topic }) => ({ topic, partition }))
    )
  })

  it.prop("the answer to a commit has an error for each partition", [offsets], ([offsets]) => {
    const bytes = answer(offsets, (out, { partition }) => {
      out.int32(partition)
      out.int16(partition % 3)
    })
    assert.deepStrictEqual(
      decodeCommit(bytes).partitions,
      byTopic(offsets).map(({ partition, topic }) => ({ topic, partition, errorCode: partition % 3 }))
    )
  })

  it.prop("the end of an epoch is asked for and told for each partition", [offsets], ([offsets]) => {
    const asked = offsets.map(({ leaderEpoch, partition, topic }) => ({ topic, partition, epoch: leaderEpoch }))
    const reader = new ByteReader(encodeEpochs(asked.map((one) => ({ ...one, leaderEpoch: 9 }))))
    assert.strictEqual(reader.int32(), -1)
    const said = readAll(reader, (topic) => {
      const partition = reader.int32()
      assert.strictEqual(reader.int32(), 9)
      return { topic, partition, epoch: reader.int32() }
    })
    assert.deepStrictEqual(said, byTopic(asked))
    const ends = offsets.map(({ leaderEpoch, offset, partition, topic }) => ({
      topic,
      errorCode: partition % 2,
      partition,
      epoch: leaderEpoch,
      endOffset: offset
    }))
    const bytes = answer(ends, (out, { endOffset, epoch, errorCode, partition }) => {
      out.int16(errorCode)
      out.int32(partition)
      out.int32(epoch)
      out.int64(endOffset)
    })
    assert.deepStrictEqual(decodeEpochs(bytes).partitions, byTopic(ends))
  })
})

describe("groups of the newer protocol", () => {
  it.prop("are asked for by name, and their members are counted", [int(0, 300), int(0, 99)], ([members, errorCode]) => {
    const reader = new ByteReader(encodeGroup("grüppe"))
    reader.skipTags()
    assert.deepStrictEqual([reader.compactLength(), reader.compactText(), reader.int8()], [1, "grüppe", 0])
    reader.skipTags()
    assert.strictEqual(reader.remaining, 0)
    const out = new ByteWriter(256)
    out.noTags()
    out.int32(7)
    out.compactLength(1)
    out.int16(errorCode)
    // No error message.
    out.unsignedVarInt(0)
    out.compactText("grüppe")
    out.compactText("Stable")
    out.int32(1)
    out.int32(1)
    out.compactText("uniform")
    out.compactLength(members)
    assert.deepStrictEqual(decodeGroup(out.written), { clientSideThrottleTime: 7, errorCode, members })
  })
})
