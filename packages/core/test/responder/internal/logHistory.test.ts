import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { LogHistory } from "../../../src/responder/internal/logHistory.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

interface Written {
  readonly id: number
  readonly epoch: number
  readonly topicId: string
  readonly timestamp: number
}

type Step = "write" | "read" | "again" | "elect" | readonly ["lose", number] | "recreate"

const step: Arbitrary.Arbitrary<Step> = oneOf<Step>(
  elementOf<Step>(["write", "write", "read", "read", "read", "again", "elect", "recreate"]),
  Arbitrary.map(int(1, 5), (count) => ["lose", count] as const)
)

describe("LogHistory", () => {
  it.prop(
    "tells by ids and epochs whether a record is one that was read, whatever the clocks say",
    [Arbitrary.array(step, { maxLength: 120 }), int(1, 7)],
    ([steps, clock]) => {
      const history = new LogHistory(-1, undefined, undefined)
      let log: Array<Written> = []
      const read = new Map<number, number>()
      let [id, epoch, topic, position] = [0, 0, 0, 0]
      const deliver = (offset: number): void => {
        const { epoch: leaderEpoch, id, timestamp, topicId } = log[offset]!
        const reading = history.read({ offset, timestamp, leaderEpoch, topicId })
        const known = read.get(offset)
        const isReplaced = known !== undefined && known !== id
        if (isReplaced) assert.notStrictEqual(reading, "on", `offset ${offset}`)
        if (known === id) assert.strictEqual(reading, "on", `offset ${offset}`)
        if (reading === "anew") read.clear()
        if (reading === "cut") for (const one of read.keys()) if (one >= offset) read.delete(one)
        read.set(offset, id)
      }
      for (const step of steps) {
        // Clocks run backwards now and then.
        const written = { id: ++id, epoch, topicId: `t${topic}`, timestamp: (id * clock) % 11 }
        if (step === "write") log.push(written)
        else if (step === "read" && position < log.length) deliver(position++)
        else if (step === "again") position = Math.max(0, position - 2)
        else if (step === "elect") epoch++
        else if (step === "recreate") {
          topic++
          log = [{ ...written, topicId: `t${topic}` }]
          position = 0
        } else if (typeof step === "object") {
          // Only a new leader has less than the old one.
          epoch++
          log.splice(Math.max(0, log.length - step[1]))
          position = Math.min(position, log.length)
        }
      }
    },
    { arbitrary: { runs: 400 } }
  )

  it("knows the epoch of the record before the committed offset", () => {
    const history = new LogHistory(10, undefined, 3)
    for (const [offset, leaderEpoch] of [
      [10, 3],
      [11, 5],
      [12, 5],
      [13, 6]
    ] as const) {
      history.read({ offset, timestamp: 1, leaderEpoch })
    }
    assert.deepStrictEqual(
      [9, 10, 11, 12, 13].map((offset) => history.epochAt(offset)),
      [3, 3, 5, 5, 6]
    )
  })
})
