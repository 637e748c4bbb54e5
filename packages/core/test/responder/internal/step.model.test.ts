/**
 * The machine driven by events in any order, beside what must hold after each of them and when all is over.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { rejected } from "../../../src/responder/internal/answer.ts"
import type { Carrier } from "../../../src/responder/internal/commands.ts"
import { tick } from "../../../src/responder/internal/deadlines.ts"
import { fingerprintOfBytes } from "../../../src/responder/internal/fingerprint.ts"
import { keepOwn } from "../../../src/responder/internal/retention.ts"
import * as Claims from "../../../src/responder/internal/claims.ts"
import * as Runs from "../../../src/responder/internal/runs.ts"
import type { Ended, Run, TakenRecord } from "../../../src/responder/internal/state.ts"
import * as Step from "../../../src/responder/internal/step.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"
import { correlationId, recordAt, requestHeaders } from "../fixtures.ts"
import { machineOf, procedureNamed } from "../machine.ts"

const concurrency = 3

const success: Ended = {
  _tag: "Answered",
  answer: { outcome: "success", body: Buffer.from("1") },
  headers: [],
  isKept: true
}
const refused: Ended = { _tag: "Answered", answer: rejected("invalid", "no"), headers: [], isKept: false }
const stopped: Ended = { _tag: "Stopped" }
const passed: Ended = { _tag: "Passed" }

/** The machine, and a world that does what it is told in the simplest way. */
class World {
  readonly machine = machineOf({ concurrency, maxWaiting: 6, maxWaitingPerKey: 3, dedupeEntries: 4 }, [
    procedureNamed("Get", { isSafe: true }),
    procedureNamed("Do"),
    procedureNamed("Order", { hasPrimaryKey: true })
  ])
  now = 0
  end = 0
  position = 0
  /** Runs whose fibers are at work, and what they were allowed. */
  readonly fibers = new Map<Run, Claims.Claimed | undefined>()
  readonly sending: Array<TakenRecord> = []
  /** Outcomes told of each record. */
  readonly told = new Map<TakenRecord, number>()

  readonly carrier: Carrier = {
    start: (run) => void this.fibers.set(run, undefined),
    interrupt: () => {},
    reply: (taken) => void this.sending.push(taken),
    deadLetter: (taken) => void this.sending.push(taken),
    ended: (request) => {
      this.told.set(request, (this.told.get(request) ?? 0) + 1)
      assert.strictEqual(this.told.get(request), 1, "an outcome twice")
    },
    refused: () => {},
    lost: () => {},
    resume: (partition) => assert.strictEqual(partition, 0),
    overdue: () => {},
    repeated: () => {},
    abandoned: () => {}
  }

  constructor() {
    this.assign()
  }

  assign(): void {
    const [commit] = this.machine.ownership.commits()
    Step.assigned(this.machine, [
      { topic: "stock.requests", partition: 0, committed: commit?.offset ?? 0, metadata: commit?.metadata ?? "" }
    ])
    this.position = commit?.offset ?? 0
  }

  readonly log: Array<{
    readonly operation: string
    readonly key: string
    readonly id: number
    readonly body: string
  }> = []

  append(operation: string, key: string, id: number, body: string): void {
    this.log.push({ operation, key, id, body })
    this.end++
  }

  deliver(): void {
    const batch = this.log.slice(this.position, this.end).map(({ body, id, key, operation }, index) =>
      recordAt(this.position + index, {
        key: key === "" ? null : Buffer.from(key),
        value: Buffer.from(body),
        headers: requestHeaders({
          operation,
          deadline: this.now + 5_000,
          key: operation === "Order" ? key : undefined,
          correlationId: correlationId(id)
        })
      })
    )
    this.position += Step.records(this.machine, batch, this.now, this.now)
  }

  claim(which: number): void {
    const run = this.#fiber(which)
    if (run === undefined || this.fibers.get(run) !== undefined) return
    const { request } = run
    const fingerprint = fingerprintOfBytes(request.record.value)
    const claimed = request.procedure.operation.isSafe
      ? ({ _tag: "Run" } as const)
      : Claims.claim(this.machine, run, Claims.claimOf(request), fingerprint, this.now)
    this.fibers.set(run, claimed)
    if (claimed._tag === "Run") Runs.started(this.machine, run, false, this.now)
  }

  finish(which: number, how: Ended): void {
    const run = this.#fiber(which)
    if (run === undefined) return
    const claimed = this.fibers.get(run)
    this.fibers.delete(run)
    const isPassed = claimed?._tag === "Pass" && how._tag !== "Answered"
    Runs.ended(
      this.machine,
      run,
      isPassed || claimed?._tag === "Pass" ? passed : run.stop === undefined ? how : stopped,
      this.now
    )
  }

  acknowledge(which: number): void {
    const [taken] = this.sending.splice(which % Math.max(1, this.sending.length), 1)
    if (taken !== undefined) Step.written(this.machine, [taken])
  }

  pass(millis: number): void {
    this.now += millis
    tick(this.machine, this.now)
  }

  #fiber(which: number): Run | undefined {
    return [...this.fibers.keys()][which % Math.max(1, this.fibers.size)]
  }

  check(): void {
    const { machine } = this
    Step.advance(machine, this.now)
    while (!machine.commands.isEmpty) machine.commands.carryOut(this.carrier)
    keepOwn(machine)
    const placed = [...machine.runs].filter(({ hasPlace }) => hasPlace)
    assert.strictEqual(machine.schedule.running, placed.length)
    assert.isAtMost(placed.length, concurrency)
    assert.strictEqual([...machine.schedule.queued()].length, machine.schedule.waiting)
    const lanes = placed.flatMap(({ request }) => request.laneKey ?? [])
    assert.strictEqual(new Set(lanes).size, lanes.length, "two of one key at a time")
    const claims = [...machine.runs].flatMap(({ claim }) => claim ?? [])
    assert.strictEqual(new Set(claims).size, claims.length, "two runs of one claim")
    assert.strictEqual(machine.claims.size, claims.length)
    for (const run of machine.runs) assert.isAtMost(run.at, run.latest)
    assert.isTrue([...machine.schedule.queued()].every(({ state }) => state === "waiting"))
  }
}

type Move = (world: World) => void

const arrival = Arbitrary.map(
  Arbitrary.all([elementOf(["Get", "Do", "Order"]), elementOf(["a", "b", "c"]), int(0, 5), elementOf(["{}", "[]"])]),
  ([operation, key, id, body]): Move =>
    (world) =>
      world.append(operation, key, id, body)
)

const move = oneOf<Move>(
  arrival,
  arrival,
  Arbitrary.map(int(0, 1), () => (world) => world.deliver()),
  Arbitrary.map(int(0, 9), (which) => (world) => world.claim(which)),
  Arbitrary.map(int(0, 9), (which) => (world) => world.claim(which)),
  Arbitrary.map(
    Arbitrary.all([int(0, 9), elementOf([success, success, refused, stopped])]),
    ([which, how]): Move =>
      (world) =>
        world.finish(which, how)
  ),
  Arbitrary.map(int(0, 9), (which) => (world) => world.acknowledge(which)),
  Arbitrary.map(int(0, 5), (id) => (world) => {
    Step.cancelled(world.machine, [Buffer.from(correlationId(id)).toString("latin1")], world.now)
  }),
  Arbitrary.map(elementOf([1, 500, 6_000]), (millis) => (world) => world.pass(millis)),
  Arbitrary.map(int(0, 9), (chance) => (world) => {
    if (chance > 2) return
    Step.hold(world.machine, false)
    world.check()
    world.assign()
  })
)

describe("the machine", () => {
  it.prop(
    "keeps its bookkeeping whatever comes, and holds nothing when all is over",
    [Arbitrary.array(move, { maxLength: 120 })],
    ([moves]) => {
      const world = new World()
      for (const one of moves) {
        one(world)
        world.check()
      }
      for (let round = 0; round < 2_000; round++) {
        world.deliver()
        world.check()
        world.claim(0)
        world.check()
        world.finish(0, success)
        world.check()
        world.acknowledge(0)
        world.check()
        const { machine } = world
        if (world.position === world.end && machine.ownership.open === 0 && machine.runs.size === 0) break
      }
      const { machine } = world
      assert.deepStrictEqual(
        [machine.ownership.open, machine.ownership.openBytes, machine.runs.size, machine.claims.size],
        [0, 0, 0, 0]
      )
      assert.deepStrictEqual([machine.schedule.waiting, machine.schedule.running], [0, 0])
      const base = machine.ownership.ledgerOf(0)!.base
      assert.strictEqual(base, world.end)
    },
    { arbitrary: { runs: 300 } }
  )
})
