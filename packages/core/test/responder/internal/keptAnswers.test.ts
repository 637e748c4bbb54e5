import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { type Kept, KeptAnswers } from "../../../src/responder/internal/keptAnswers.ts"
import { sizeOf, stored } from "../../../src/responder/internal/storedAnswer.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

interface Entry extends Kept<Entry> {}

const maxBytes = 6_000
const limits = { Reserve: { entries: 3, ageMillis: 100 }, Cancel: { entries: 8, ageMillis: 40 } } as const
type Operation = keyof typeof limits

const entryOf = (operation: Operation, key: string, bytes: number): Entry => ({
  id: `${operation} ${key}`,
  operation,
  reply: stored({ outcome: "success", body: new Uint8Array(bytes) }, []),
  pins: 0,
  finishedAt: 0,
  older: undefined,
  newer: undefined
})

const bytesOf = ({ id, reply }: Entry): number => 256 + id.length + sizeOf(reply!)

/** The answers beside a plain list of everything, the oldest first. */
class Pair {
  readonly answers = new KeptAnswers<Entry>(maxBytes)
  list: Array<Entry> = []
  now = 0

  isOld(entry: Entry): boolean {
    return this.now - entry.finishedAt >= limits[entry.operation as Operation].ageMillis
  }

  keep(operation: Operation, key: string, bytes: number, pins: number): void {
    const entry = entryOf(operation, key, bytes)
    entry.pins = pins
    const evicted = this.answers.keep(entry, limits[operation], this.now)
    this.list = [...this.list.filter(({ id }) => id !== entry.id), entry]
    let expected = 0
    const drop = (one: Entry) => {
      if (!this.isOld(one)) expected++
      this.list = this.list.filter((other) => other !== one)
    }
    const own = () => this.list.filter((one) => one.operation === operation)
    for (const one of own()) {
      if (!this.isOld(one) && own().length <= limits[operation].entries) break
      if (one.pins === 0) drop(one)
    }
    while (this.bytes > maxBytes) {
      const oldest = this.list.filter(({ pins }) => pins === 0).at(0)
      if (oldest === undefined) break
      drop(oldest)
    }
    assert.strictEqual(evicted, expected)
  }

  get bytes(): number {
    return this.list.reduce((sum, entry) => sum + bytesOf(entry), 0)
  }

  find(operation: Operation, key: string): void {
    const id = `${operation} ${key}`
    const known = this.list.find((one) => one.id === id)
    const isGone = known === undefined || (known.pins === 0 && this.isOld(known))
    assert.strictEqual(this.answers.find(id, this.now), isGone ? undefined : known)
    if (isGone) this.list = this.list.filter((one) => one !== known)
  }

  unpin(which: number): void {
    const pinned = this.list.filter(({ pins }) => pins > 0)
    const one = pinned[which % Math.max(1, pinned.length)]
    if (one !== undefined) one.pins--
  }
}

type Step = (pair: Pair) => void

const operation = elementOf<Operation>(["Reserve", "Cancel"])
const key = elementOf([..."abcdefghijkl"])
const step = oneOf<Step>(
  Arbitrary.map(
    Arbitrary.all([operation, key, elementOf([0, 10, 700]), elementOf([0, 0, 1])]),
    ([operation, key, bytes, pins]) =>
      (pair) =>
        pair.keep(operation, key, bytes, pins)
  ),
  Arbitrary.map(
    Arbitrary.all([operation, key]),
    ([operation, key]) =>
      (pair) =>
        pair.find(operation, key)
  ),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.unpin(which)),
  Arbitrary.map(elementOf([0, 1, 20, 60]), (millis) => (pair) => void (pair.now += millis))
)

describe("KeptAnswers", () => {
  it.prop(
    "P6/deduplication: keeps per operation what a list of everything would, within the bytes of all",
    [Arbitrary.array(step, { maxLength: 120 })],
    ([steps]) => {
      const pair = new Pair()
      for (const step of steps) {
        step(pair)
        assert.strictEqual(pair.answers.size, pair.list.length)
        assert.strictEqual(pair.answers.bytes, pair.bytes)
      }
    },
    { arbitrary: { runs: 400 } }
  )

  it("P9/deduplication: one operation does not take the places of another", () => {
    const answers = new KeptAnswers<Entry>(1_000_000)
    answers.keep(entryOf("Reserve", "a", 1), limits.Reserve, 0)
    for (let i = 0; i < 100; i++) answers.keep(entryOf("Cancel", String(i), 1), limits.Cancel, 1)
    assert.isDefined(answers.find("Reserve a", 2))
    assert.strictEqual(answers.size, 1 + limits.Cancel.entries)
  })
})
