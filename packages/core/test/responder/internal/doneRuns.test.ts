import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { decode, DoneRuns, encode, maxMetadataLength, type Run } from "../../../src/responder/internal/doneRuns.ts"
import { elementOf, int, oneOf, text } from "../../wire/arbitraries.ts"

const offsetsOf = (runs: ReadonlyArray<Readonly<Run>>): ReadonlyArray<number> =>
  runs.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, index) => from + index))

const step = oneOf<readonly ["add", number, number] | readonly ["dropBelow", number]>(
  Arbitrary.map(Arbitrary.all([int(0, 60), int(0, 6)]), ([from, length]) => ["add", from, from + length] as const),
  Arbitrary.map(Arbitrary.all([int(0, 60), int(0, 6)]), ([from, length]) => ["add", from, from + length] as const),
  Arbitrary.map(int(0, 30), (offset) => ["dropBelow", offset] as const)
)

/** Sorted runs that do not touch, as lengths of what is open and what is done in turn. */
const lengths = Arbitrary.array(Arbitrary.all([int(1, 300), oneOf(int(1, 3), int(1, 40_000))]), { maxLength: 40 })

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

describe("DoneRuns", () => {
  it.prop("is the set it stands for, in the fewest runs", [Arbitrary.array(step, { maxLength: 60 })], ([steps]) => {
    const runs = new DoneRuns()
    const model = new Set<number>()
    for (const [name, from, to] of steps) {
      if (name === "add") {
        runs.add(from, to)
        for (let offset = from; offset < to; offset++) model.add(offset)
      } else {
        runs.dropBelow(from)
        for (const offset of model) if (offset < from) model.delete(offset)
      }
      const sorted = [...model].sort((a, b) => a - b)
      assert.deepStrictEqual(offsetsOf(runs.runs()), sorted)
      assert.strictEqual(runs.count, sorted.filter((offset) => !model.has(offset - 1)).length)
      assert.strictEqual(runs.first?.from, sorted[0])
      assert.strictEqual(runs.end, sorted.length === 0 ? undefined : sorted.at(-1)! + 1)
      for (let offset = 0; offset < 70; offset++) assert.strictEqual(runs.has(offset), model.has(offset))
    }
  })
})

describe("the metadata of a commit", () => {
  it.prop("tells the runs it was made of", [int(0, 2 ** 45), lengths], ([committed, pairs]) => {
    const runs = runsFrom(committed, pairs)
    assert.deepStrictEqual(decode(committed, encode(committed, runs)), runs)
  })

  it("has the form the protocol says", () => {
    assert.strictEqual(encode(100, []), "")
    // 3 open, 1 done, 300 (0xac 0x02) open, 2 done.
    const runs = [
      { from: 103, to: 104 },
      { from: 404, to: 406 }
    ]
    assert.strictEqual(encode(100, runs), `d1:${Buffer.from([3, 1, 0xac, 0x02, 2]).toString("base64url")}`)
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
      if (told.length < runs.length) assert.isAbove(metadata.length, maxMetadataLength - 8)
    }
  )

  it.prop(
    "is read or ignored, whatever it says",
    [
      int(0, 2 ** 52),
      oneOf(
        text(0, 40),
        Arbitrary.map(text(0, 60), (rest) => `d1:${rest}`)
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
      "d2:AwE",
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
