import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { Ownership } from "../../../src/responder/internal/ownership.ts"
import { TakenRecord } from "../../../src/responder/internal/state.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"
import { recordAt } from "../fixtures.ts"

/** A broker with one partition, and a member that sometimes owns it; both in the simplest form. */
class World {
  readonly ownership = new Ownership()
  /** Raised when the topic is made anew. */
  log = 0
  end = 0
  position = 0
  stored: { offset: number | undefined; metadata: string } = { offset: undefined, metadata: "" }
  isOwned = false
  readonly open = new Set<TakenRecord>()
  /** Executions of each record of each log. */
  readonly executed = new Map<string, number>()
  /** Records that are done. */
  readonly done = new Set<string>()

  nameOf(offset: number): string {
    return `${this.log}/${offset}`
  }

  append(count: number): void {
    this.end += count
  }

  assign(): void {
    this.isOwned = true
    const { metadata, offset } = this.stored
    this.ownership.assign([{ topic: "stock.requests", partition: 0, committed: offset, metadata }])
    this.position = Math.min(offset ?? 0, this.end)
  }

  lose(): void {
    this.isOwned = false
    this.ownership.assign([])
  }

  deliver(): void {
    const ledger = this.ownership.ledgerOf(0)
    assert.strictEqual(ledger !== undefined, this.isOwned)
    if (ledger === undefined || this.position >= this.end) return
    const offset = this.position++
    const record = recordAt(offset, { timestamp: this.log * 1_000_000 + offset })
    if (!ledger.take(record) || this.ownership.isOpen(record)) return
    const name = this.nameOf(offset)
    this.executed.set(name, (this.executed.get(name) ?? 0) + 1)
    const taken = new TakenRecord(record, ledger.epoch, 0)
    this.open.add(taken)
    this.ownership.add(taken)
  }

  close(which: number, isDone: boolean): void {
    const taken = [...this.open][which % Math.max(1, this.open.size)]
    if (taken === undefined) return
    this.open.delete(taken)
    this.ownership.close(taken, isDone)
    this.ownership.close(taken, isDone)
    const log = Math.floor(taken.record.timestamp / 1_000_000)
    const name = `${log}/${taken.record.offset}`
    if (isDone) this.done.add(name)
    // Given up: somebody must run it again.
    else this.executed.set(name, 0)
  }

  commit(): void {
    const commits = this.ownership.commits()
    for (const { metadata, offset } of commits) {
      assert.isTrue(this.isOwned)
      this.stored = { offset, metadata }
    }
    this.ownership.confirm(commits)
  }

  recreate(): void {
    this.log++
    this.end = 0
    this.position = 0
    // The group's commits for a deleted topic are deleted with it.
    this.stored = { offset: undefined, metadata: "" }
    this.append(3)
  }

  check(): void {
    assert.strictEqual(this.ownership.open, this.open.size)
    for (const [name, count] of this.executed) assert.isAtMost(count, 1, `${name} was executed twice`)
    for (let offset = 0; offset < (this.stored.offset ?? 0); offset++) {
      assert.isTrue(this.done.has(this.nameOf(offset)), `${this.nameOf(offset)} is committed and not done`)
    }
  }
}

const assigned = (partition: number, committed: number) => ({
  topic: "stock.requests",
  partition,
  committed,
  metadata: ""
})

type Step = (world: World) => void

const common = oneOf<Step>(
  Arbitrary.map(int(1, 5), (count) => (world) => world.append(count)),
  Arbitrary.map(int(1, 5), (count) => (world) => {
    for (let i = 0; i < count; i++) world.deliver()
  }),
  Arbitrary.map(int(0, 20), (which) => (world) => world.close(which, true)),
  Arbitrary.map(int(0, 20), (which) => (world) => world.close(which, true)),
  Arbitrary.Constant((world) => world.commit()),
  Arbitrary.map(elementOf([true, true, false]), (again) => (world) => (again ? world.assign() : world.lose()))
)

const steps = Arbitrary.array(common, { maxLength: 80 })

const run = (steps: ReadonlyArray<Step>): World => {
  const world = new World()
  world.append(5)
  world.assign()
  for (const step of steps) {
    step(world)
    world.check()
  }
  return world
}

/** Everything that was appended is executed and done once the world is left alone. */
const settles = (world: World): void => {
  world.assign()
  while (world.position < world.end) world.deliver()
  while (world.open.size > 0) world.close(0, true)
  world.check()
  for (let offset = 0; offset < world.end; offset++) {
    assert.isTrue(world.done.has(world.nameOf(offset)), `${world.nameOf(offset)} was never executed`)
  }
  world.commit()
  assert.strictEqual(world.stored.offset, world.end)
}

describe("Ownership", () => {
  it.prop(
    "runs nothing twice and commits nothing open, however often a partition comes and goes",
    [steps],
    ([steps]) => settles(run(steps)),
    { arbitrary: { runs: 400 } }
  )

  it.prop(
    "executes every record of a topic that was made anew, whatever ends late of the old one",
    [steps, elementOf([true, false]), steps],
    ([before, isReassigned, after]) => {
      const world = run(before)
      world.assign()
      world.append(1)
      while (world.position < world.end) world.deliver()
      world.recreate()
      if (isReassigned) world.assign()
      // Only the first record of the new log tells that it is one; what is committed before is about the old one.
      world.deliver()
      for (const step of after) {
        step(world)
        world.check()
      }
      settles(world)
    },
    { arbitrary: { runs: 400 } }
  )

  it("leaves what is given up to be delivered again", () => {
    const world = run([])
    for (let i = 0; i < 5; i++) world.deliver()
    world.close(2, false)
    while (world.open.size > 0) world.close(0, true)
    world.commit()
    assert.strictEqual(world.stored.offset, 2)
    world.assign()
    while (world.position < world.end) world.deliver()
    assert.deepStrictEqual(
      [...world.open].map(({ record }) => record.offset),
      [2]
    )
  })

  it("keeps partitions apart and commits those it owns only", () => {
    const ownership = new Ownership()
    ownership.assign([assigned(0, 10), assigned(4, 100)])
    const takenOf = (partition: number, offset: number) => {
      const ledger = ownership.ledgerOf(partition)!
      assert.isTrue(ledger.take({ offset, timestamp: 1 }))
      const taken = new TakenRecord(recordAt(offset, { partition }), ledger.epoch, 0)
      ownership.add(taken)
      return taken
    }
    const [first, second] = [takenOf(0, 10), takenOf(4, 100)]
    ownership.close(first, true)
    ownership.close(second, true)
    assert.deepStrictEqual(
      ownership.commits().map(({ offset, partition }) => [partition, offset]),
      [
        [0, 11],
        [4, 101]
      ]
    )
    ownership.assign([assigned(4, 100)])
    assert.isUndefined(ownership.ledgerOf(0))
    assert.deepStrictEqual(
      ownership.commits().map(({ offset, partition }) => [partition, offset]),
      [[4, 101]]
    )
  })
})
