import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { Gate } from "../../../src/responder/internal/operationLoad.ts"
import { Schedule, type Scheduled } from "../../../src/responder/internal/schedule.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

interface Request extends Scheduled<Request> {
  readonly number: number
}

const requestOf = (number: number, laneKey: string | undefined, traits: Partial<Request> = {}): Request => ({
  number,
  laneKey,
  gate: undefined,
  level: 1,
  share: undefined,
  cost: 1,
  readyAt: 0,
  queue: undefined,
  older: undefined,
  newer: undefined,
  ...traits
})

/** The schedule beside the simplest thing that could replace them: a list of who came, searched each time. */
class Pair {
  readonly concurrency: number
  readonly lanes: Schedule<Request>
  readonly started: Array<Request> = []
  waiting: Array<Request> = []
  running: Array<Request> = []
  isHeld = false
  next = 0
  now = 0
  /** Lets two of them through. */
  readonly gate = new Gate<Request>(2)

  constructor(concurrency: number) {
    this.concurrency = concurrency
    this.lanes = new Schedule(concurrency)
  }

  offer(key: string | undefined, isGated = false): void {
    const request = requestOf(this.next++, key, isGated ? { gate: this.gate } : {})
    this.waiting.push(request)
    this.lanes.offer(request, this.now)
  }

  finish(which: number): void {
    const request = this.running[which % Math.max(1, this.running.length)]
    if (request === undefined) return
    this.running = this.running.filter((other) => other !== request)
    this.lanes.finished(request, this.now)
  }

  drop(which: number): void {
    const matches = ({ number }: Request) => number % 3 === which % 3
    for (const request of Array.from(this.lanes.queued())) if (matches(request)) this.lanes.leave(request, this.now)
    this.waiting = this.waiting.filter((request) => !matches(request))
  }

  start(): void {
    for (let next = this.lanes.take(this.now); next !== undefined; next = this.lanes.take(this.now))
      this.started.push(next)
  }

  check(): void {
    this.start()
    for (const request of this.started.splice(0)) {
      assert.include(this.waiting, request)
      assert.isFalse(this.isHeld)
      const sameKey = (other: Request) => request.laneKey !== undefined && other.laneKey === request.laneKey
      assert.isFalse(this.running.some(sameKey), "two of one key at a time")
      assert.isFalse(
        this.waiting.some((other) => sameKey(other) && other.number < request.number),
        "out of the order of its key"
      )
      this.waiting = this.waiting.filter((other) => other !== request)
      this.running.push(request)
    }
    assert.isAtMost(this.running.length, this.concurrency)
    assert.strictEqual(this.lanes.running, this.running.length)
    assert.strictEqual(this.lanes.waiting, this.waiting.length)
    const gated = this.running.filter(({ gate }) => gate !== undefined).length
    assert.isAtMost(gated, this.gate.limit)
    const isFree = ({ gate, laneKey }: Request) =>
      (gate === undefined || gated < gate.limit) &&
      (laneKey === undefined || !this.running.some((other) => other.laneKey === laneKey)) &&
      // Only the first of a key may run; it may wait for its gate.
      (laneKey === undefined || this.waiting.find((other) => other.laneKey === laneKey)!.gate === undefined)
    if (!this.isHeld && this.running.length < this.concurrency) assert.notExists(this.waiting.find(isFree))
  }
}

type Step = (pair: Pair) => void

const key = elementOf([undefined, undefined, "a", "a", "b", "c"])
const step = oneOf<Step>(
  Arbitrary.map(key, (key) => (pair) => pair.offer(key)),
  Arbitrary.map(key, (key) => (pair) => pair.offer(key, true)),
  Arbitrary.map(int(0, 150), (millis) => (pair) => void (pair.now += millis)),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.finish(which)),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.drop(which)),
  Arbitrary.map(int(0, 9), (chance) => (pair) => {
    if (chance < 3) {
      pair.isHeld = true
      pair.lanes.hold()
    } else {
      pair.isHeld = false
      pair.lanes.resume()
    }
  })
)

describe("Schedule", () => {
  it.prop(
    "runs each key in order, never too many at a time, and lets no place go unused",
    [int(1, 4), Arbitrary.array(step, { maxLength: 80 })],
    ([concurrency, steps]) => {
      const pair = new Pair(concurrency)
      for (const step of steps) {
        step(pair)
        pair.check()
      }
      pair.isHeld = false
      pair.lanes.resume()
      pair.check()
      while (pair.running.length > 0) {
        pair.finish(0)
        pair.check()
      }
      assert.deepStrictEqual(pair.waiting, [])
    },
    { arbitrary: { runs: 400 } }
  )

  it("runs requests without a key in the order they came", () => {
    const pair = new Pair(2)
    for (let i = 0; i < 5_000; i++) pair.offer(undefined)
    const order: Array<number> = []
    pair.start()
    while (pair.lanes.running > 0) {
      order.push(...pair.started.splice(0).map(({ number }) => number))
      pair.lanes.finished(requestOf(0, undefined), 0)
      pair.start()
    }
    assert.deepStrictEqual(
      order,
      Array.from({ length: 5_000 }, (_, index) => index)
    )
  })

  it("tells how many wait behind a key", () => {
    const pair = new Pair(1)
    for (const key of ["a", "a", "a", "b"]) pair.offer(key)
    pair.start()
    assert.deepStrictEqual(
      ["a", "b", "c"].map((key) => pair.lanes.waitingFor(key)),
      [2, 0, 0]
    )
  })

  it("P9/leaving: n who wait behind a key leave in n steps", () => {
    const count = 20_000
    let steps = 0
    /** A request that counts how often its neighbours are looked at. */
    const counted = (number: number): Request => {
      let older: Request | undefined
      let newer: Request | undefined
      return {
        ...requestOf(number, "hot"),
        get older() {
          steps++
          return older
        },
        set older(other) {
          older = other
        },
        get newer() {
          steps++
          return newer
        },
        set newer(other) {
          newer = other
        }
      }
    }
    const schedule = new Schedule<Request>(1)
    const requests = Array.from({ length: count }, (_, number) => counted(number))
    for (const request of requests) schedule.offer(request, 0)
    assert.strictEqual(schedule.take(0), requests[0])
    steps = 0
    // From the middle outwards: none of them is first or last.
    for (let i = 1; i < count; i++) {
      schedule.leave(requests[(i + count / 2) % count || count / 2]!, 0)
      if (i === count / 2 - 1) break
    }
    assert.isAtMost(steps, 4 * count)
    assert.strictEqual(schedule.waiting, count - 1 - (count / 2 - 1))
  })
})
