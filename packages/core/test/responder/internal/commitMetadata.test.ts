import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { decode, encode as encodeSet, maxBytes, topicIdOf } from "../../../src/responder/internal/commitMetadata.ts"
import { DoneSet, lengthOf, type Run } from "../../../src/responder/internal/doneSet.ts"
import { elementOf, int, oneOf, text } from "../../wire/arbitraries.ts"
import { maxMetadataLength } from "../../../src/kafka/Transport.ts"

const encode = (committed: number, runs: ReadonlyArray<Run>, topicId?: string): string => {
  const done = new DoneSet()
  for (const { from, to } of runs) done.add(from, to)
  return encodeSet(committed, done, topicId)
}

const topicId = "nC3sSQW7Q5mFb3Zr0mRkdg"

/** Sorted runs that do not touch, as lengths of what is open and what is done in turn. */
const lengths = oneOf(
  Arbitrary.array(Arbitrary.all([int(1, 300), oneOf(int(1, 3), int(1, 40_000))]), { maxLength: 40 }),
  // So many short ones that a bitmap is shorter.
  Arbitrary.array(Arbitrary.all([int(1, 3), int(1, 3)]), { maxLength: 200 })
)

const runsFrom = (committed: number, pairs: ReadonlyArray<readonly [number, number]>): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let position = committed
  for (const [open, done] of pairs) {
    runs.push({ from: position + open, to: position + open + done })
    position += open + done
  }
  return runs
}

const bytes = (...codes: ReadonlyArray<number>): string => `d1:${Buffer.from(codes).toString("base64url")}`

describe("the metadata of a commit", () => {
  it.prop("tells the runs it was made of", [int(0, 2 ** 45), lengths], ([committed, pairs]) => {
    const runs = runsFrom(committed, pairs)
    assert.deepStrictEqual(decode(committed, encode(committed, runs)), runs)
    const named = encode(committed, runs, topicId)
    assert.deepStrictEqual(decode(committed, named), runs)
    assert.strictEqual(topicIdOf(named), topicId)
    assert.isAtMost(named.length, maxMetadataLength)
  })

  it.prop("is the shorter of run lengths and bitmap", [lengths], ([pairs]) => {
    const runs = runsFrom(0, pairs)
    const bitmap = Math.ceil((runs.at(-1)?.to ?? 0) / 8)
    const runLengths = pairs.reduce((sum, [open, done]) => sum + lengthOf(open) + lengthOf(done), 0)
    const shorter = runs.length === 0 ? 0 : 3 + Math.ceil((Math.min(bitmap, runLengths) * 4) / 3)
    assert.strictEqual(encode(0, runs).length, shorter)
  })

  it("has the form the protocol says", () => {
    assert.strictEqual(encode(100, []), "")
    // 3 open, 1 done, 300 (0xac 0x02) open, 2 done.
    const runs = [
      { from: 103, to: 104 },
      { from: 404, to: 406 }
    ]
    assert.strictEqual(encode(100, runs), `d1:${Buffer.from([3, 1, 0xac, 0x02, 2]).toString("base64url")}`)
    // Every other one of ten: 0b10101010, 0b10.
    const alternating = [101, 103, 105, 107, 109].map((from) => ({ from, to: from + 1 }))
    assert.strictEqual(encode(100, alternating), `d2:${Buffer.from([0xaa, 0x02]).toString("base64url")}`)
    assert.strictEqual(encode(100, alternating, topicId), `t1:${topicId}:d2:qgI`)
    assert.strictEqual(encode(100, [], topicId), `t1:${topicId}:`)
  })

  it("does not name a topic by an id that could not be read again", () => {
    for (const id of ["", "a:b", "x".repeat(37)]) {
      assert.strictEqual(encode(100, [{ from: 101, to: 102 }], id), "d2:Ag")
    }
  })

  it.prop(
    "fits into what brokers take, and then tells the lowest runs",
    [int(0, 2 ** 45), int(100, 3_000), int(1, 20_000)],
    ([committed, count, open]) => {
      const runs = runsFrom(
        committed,
        Array.from({ length: count }, () => [open, 1] as const)
      )
      const metadata = encode(committed, runs)
      assert.isAtMost(metadata.length, maxMetadataLength)
      const told = decode(committed, metadata)
      assert.deepStrictEqual(told, runs.slice(0, told.length))
      // Nothing is left out while there is room for one more.
      if (told.length < runs.length) assert.isAbove(metadata.length, Math.floor((maxBytes * 4) / 3) - 8)
    }
  )

  it.prop(
    "is read or ignored, whatever it says",
    [
      int(0, 2 ** 52),
      oneOf(
        text(0, 40),
        Arbitrary.map(text(0, 60), (rest) => `d1:${rest}`),
        Arbitrary.map(text(0, 60), (rest) => `d2:${rest}`),
        Arbitrary.map(text(0, 60), (rest) => `t1:${rest}:d1:AwE`)
      )
    ],
    ([committed, metadata]) => {
      let position = committed
      for (const { from, to } of decode(committed, metadata)) {
        assert.isTrue(from >= position && to > from && Number.isSafeInteger(to))
        position = to
      }
    },
    { arbitrary: { runs: 500 } }
  )

  it("of another form is ignored", () => {
    const cut = bytes(3, 0x81)
    const withoutDone = bytes(3)
    const cutLater = bytes(3, 1, 2)
    const cutInside = bytes(3, 1, 2, 0x81)
    const beyondSafe = bytes(3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
    const tooLong = `d1:${"AQEB".repeat(1_100)}`
    for (const metadata of [
      "",
      "d3:AwE",
      `t1:${topicId}`,
      `t1:${topicId}:x`,
      `d2:${"_".repeat(4_096)}`,
      "checkpoint 17",
      cut,
      withoutDone,
      cutLater,
      cutInside,
      beyondSafe,
      tooLong
    ]) {
      assert.deepStrictEqual(decode(100, metadata), [], metadata.slice(0, 20))
    }
  })

  it.prop(
    "that was cut is ignored or tells less",
    [int(0, 1_000), lengths, elementOf([1, 2, 3, 4, 8])],
    ([committed, pairs, missing]) => {
      const runs = runsFrom(committed, pairs)
      const told = decode(committed, encode(committed, runs).slice(0, -missing))
      const known = new Set(runs.flatMap(({ from, to }) => [from, to]))
      for (const { from } of told) assert.isTrue(known.has(from))
      assert.isAtMost(told.length, runs.length)
    }
  )
})
