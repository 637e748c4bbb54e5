import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { RequestLanes } from "../../../src/responder/internal/requestLanes.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

interface Request {
  readonly number: number
  readonly key: string | undefined
}

/** The lanes beside the simplest thing that could replace them: a list of who came, searched each time. */
class Pair {
  readonly concurrency: number
  readonly lanes: RequestLanes<Request>
  readonly started: Array<Request> = []
  waiting: Array<Request> = []
  running: Array<Request> = []
  isHeld = false
  next = 0

  constructor(concurrency: number) {
    this.concurrency = concurrency
    this.lanes = new RequestLanes(concurrency, (request) => void this.started.push(request))
  }

  offer(key: string | undefined): void {
    const request = { number: this.next++, key }
    this.waiting.push(request)
    this.lanes.offer(request, key)
  }

  finish(which: number): void {
    const request = this.running[which % Math.max(1, this.running.length)]
    if (request === undefined) return
    this.running = this.running.filter((other) => other !== request)
    this.lanes.finished(request.key)
  }

  clear(): void {
    assert.sameMembers([...this.lanes.clear(({ key }) => key)], this.waiting)
    this.waiting = []
  }

  drop(which: number): void {
    const matches = ({ number }: Request) => number % 3 === which % 3
    this.lanes.drop(matches, ({ key }) => key)
    this.waiting = this.waiting.filter((request) => !matches(request))
  }

  check(): void {
    for (const request of this.started.splice(0)) {
      assert.include(this.waiting, request)
      assert.isFalse(this.isHeld)
      const sameKey = (other: Request) => request.key !== undefined && other.key === request.key
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
    const isFree = ({ key }: Request) => key === undefined || !this.running.some((other) => other.key === key)
    if (!this.isHeld && this.running.length < this.concurrency) assert.notExists(this.waiting.find(isFree))
  }
}

type Step = (pair: Pair) => void

const key = elementOf([undefined, undefined, "a", "a", "b", "c"])
const step = oneOf<Step>(
  Arbitrary.map(key, (key) => (pair) => pair.offer(key)),
  Arbitrary.map(key, (key) => (pair) => pair.offer(key)),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.finish(which)),
  Arbitrary.map(int(0, 9), (which) => (pair) => pair.drop(which)),
  Arbitrary.map(int(0, 9), (chance) => (pair) => {
    if (chance < 3) {
      pair.isHeld = true
      pair.lanes.hold()
    } else if (chance < 9) {
      pair.isHeld = false
      pair.lanes.resume()
    } else pair.clear()
  })
)

describe("RequestLanes", () => {
  it.prop(
    "run each key in order, never too many at a time, and let no place go unused",
    [int(1, 4), Arbitrary.array(step, { maxLength: 80 })],
    ([concurrency, steps]) => {
      const pair = new Pair(concurrency)
      for (const step of steps) {
        step(pair)
        pair.check()
      }
      // What has a key again after `clear` is not held back by what was forgotten.
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

  it("run requests without a key in the order they came", () => {
    const pair = new Pair(2)
    for (let i = 0; i < 5_000; i++) pair.offer(undefined)
    const order: Array<number> = []
    while (pair.lanes.running > 0) {
      order.push(...pair.started.splice(0).map(({ number }) => number))
      pair.lanes.finished(undefined)
    }
    assert.deepStrictEqual(
      order,
      Array.from({ length: 5_000 }, (_, index) => index)
    )
  })

  it("tell how many wait behind a key", () => {
    const pair = new Pair(1)
    for (const key of ["a", "a", "a", "b"]) pair.offer(key)
    assert.deepStrictEqual(
      ["a", "b", "c"].map((key) => pair.lanes.waitingFor(key)),
      [2, 0, 0]
    )
  })

  it("bear any number of requests that end as soon as they start", () => {
    let ended = 0
    const lanes = new RequestLanes<string | undefined>(1, (key) => {
      ended++
      lanes.finished(key)
    })
    lanes.hold()
    for (let i = 0; i < 50_000; i++) lanes.offer(i % 2 === 0 ? "a" : undefined, i % 2 === 0 ? "a" : undefined)
    lanes.resume()
    assert.deepStrictEqual([ended, lanes.running, lanes.waiting], [50_000, 0, 0])
  })
})
