import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { partitionKey, type TopicPartition } from "../../src/kafka/KafkaRecord.ts"
import { assign, type Claimant, withoutOwned } from "../../src/protocol/stickyAssignment.ts"
import { int } from "../wire/arbitraries.ts"

const topic = "requests"
const partitionsOf = (count: number): ReadonlyArray<TopicPartition> =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))

/** Groups in which nobody claims what another one has, and some partitions may be nobody's. */
const groups = Arbitrary.map(
  Arbitrary.all([int(1, 7), Arbitrary.array(int(-1, 9), { minLength: 0, maxLength: 24 })] as const),
  ([members, owners]) => ({
    partitions: partitionsOf(owners.length),
    members: Array.from({ length: members }, (_, index): Claimant => ({
      id: `m${(index * 7) % 10}-${index}`,
      topics: [topic],
      generation: 1,
      owned: owners.flatMap((owner, partition) => (owner === index ? [{ topic, partition }] : []))
    }))
  })
)

/** The fewest partitions that must change hands for shares within one of each other, by trying who gets the larger ones. */
const fewestMoves = (count: number, owned: ReadonlyArray<number>): number => {
  const least = Math.floor(count / owned.length)
  let best = 0
  for (let larger = 0; larger < 1 << owned.length; larger++) {
    const sizes = owned.map((_, index) => least + ((larger >> index) & 1))
    if (sizes.reduce((sum, size) => sum + size, 0) !== count) continue
    best = Math.max(
      best,
      owned.reduce((sum, size, index) => sum + Math.min(size, sizes[index]!), 0)
    )
  }
  return count - best
}

const keptBy = (shares: ReturnType<typeof assign>, members: ReadonlyArray<Claimant>): number => {
  let kept = 0
  for (const { id, owned } of members) {
    const now = new Set(shares.get(id)!.map(partitionKey))
    kept += owned.filter((partition) => now.has(partitionKey(partition))).length
  }
  return kept
}

/** What each member would say of itself when it joins the next time. */
const next = (members: ReadonlyArray<Claimant>, shares: ReturnType<typeof assign>, generation: number) =>
  members.map((member): Claimant => ({ ...member, owned: shares.get(member.id)!, generation }))

describe("the sticky assignment", () => {
  it.prop(
    "every partition has one owner, and shares are within one of each other",
    [groups],
    ([{ members, partitions }]) => {
      const shares = assign(partitions, members)
      const all = [...shares.values()].flat().map(({ partition }) => partition)
      assert.deepStrictEqual(
        all.toSorted((a, b) => a - b),
        partitions.map(({ partition }) => partition)
      )
      const sizes = [...shares.values()].map((share) => share.length)
      assert.isAtMost(Math.max(...sizes) - Math.min(...sizes), 1)
    }
  )

  it.prop("no assignment so balanced moves fewer partitions", [groups], ([{ members, partitions }]) => {
    const moved = partitions.length - keptBy(assign(partitions, members), members)
    assert.strictEqual(
      moved,
      fewestMoves(
        partitions.length,
        members.map(({ owned }) => owned.length)
      )
    )
  })

  it.prop(
    "an assignment is kept when nothing changes, whatever order members come in",
    [groups],
    ([{ members, partitions }]) => {
      const first = assign(partitions, members)
      const again = assign(partitions, next(members, first, 2).toReversed())
      for (const { id } of members) assert.deepStrictEqual(again.get(id), first.get(id))
    }
  )

  it.prop(
    "members that stay give up no more than one that joins must get, and nothing when one leaves",
    [groups],
    ([{ members, partitions }]) => {
      const stayed = next(members, assign(partitions, members), 2)
      const joins: Claimant = { id: "new", topics: [topic], owned: [], generation: -1 }
      const larger = assign(partitions, [...stayed, joins])
      assert.strictEqual(partitions.length - keptBy(larger, stayed), larger.get("new")!.length)
      assert.strictEqual(larger.get("new")!.length, Math.floor(partitions.length / (members.length + 1)))
      const [, ...rest] = stayed
      if (rest.length === 0) return
      const smaller = assign(partitions, rest)
      assert.strictEqual(
        keptBy(smaller, rest),
        rest.reduce((sum, { owned }) => sum + owned.length, 0)
      )
    }
  )

  it.prop(
    "P6/rebalance: nobody gets what another still owns, and when all have joined once more nothing is left over",
    [groups],
    ([{ members, partitions }]) => {
      const target = assign(partitions, members)
      const first = withoutOwned(target, members)
      for (const { id } of members) {
        const others = members.filter((other) => other.id !== id).flatMap(({ owned }) => owned)
        const taken = new Set(others.map(partitionKey))
        assert.isFalse(first.get(id)!.some((partition) => taken.has(partitionKey(partition))))
      }
      const joined = next(members, first, 2)
      const second = withoutOwned(assign(partitions, joined), joined)
      assert.strictEqual([...second.values()].flat().length, partitions.length)
      // Nobody has to join a third time.
      for (const { id, owned } of joined) {
        const now = new Set(second.get(id)!.map(partitionKey))
        assert.isTrue(owned.every((partition) => now.has(partitionKey(partition))))
      }
    }
  )

  it("of two claims to a partition the newer generation's counts", () => {
    const [first, second] = partitionsOf(2)
    const members: ReadonlyArray<Claimant> = [
      { id: "a", topics: [topic], owned: [first!, second!], generation: 3 },
      { id: "b", topics: [topic], owned: [first!], generation: 4 }
    ]
    assert.deepStrictEqual(
      [...assign(partitionsOf(2), members)],
      [
        ["a", [second!]],
        ["b", [first!]]
      ]
    )
  })

  it("a topic goes only to members that want it, and the larger shares of many topics to different members", () => {
    const topics = ["one", "two", "three"]
    const all = topics.map((topic) => ({ topic, partition: 0 }))
    const members = ["a", "b", "c"].map((id): Claimant => ({ id, topics, owned: [], generation: -1 }))
    assert.deepStrictEqual(
      [...assign(all, members).values()].map((share) => share.length),
      [1, 1, 1]
    )
    const picky = members.map((member, index) => ({ ...member, topics: [topics[index]!] }))
    assert.deepStrictEqual(
      [...assign(all, picky).values()].map(([share]) => share?.topic),
      topics
    )
    assert.deepStrictEqual([...assign(all, [{ ...members[0]!, topics: ["none"] }]).values()], [[]])
  })
})
