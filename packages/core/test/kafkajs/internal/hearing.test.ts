import { assert, describe, it } from "@effect/vitest"
import { because, NoAnswer, type TransportError, Unavailable, Unreachable } from "../../../src/kafka/TransportError.ts"
import { Hearing } from "../../../src/kafkajs/internal/hearing.ts"

const moved = because(new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "" }))
const refused = because(new Unreachable({ brokers: [], detail: "" }))
const silent = because(new NoAnswer({ detail: "" }))

const listening = () => {
  const told: Array<TransportError | undefined> = []
  const clock = { now: 0 }
  const hearing = new Hearing(
    () => clock.now,
    (why) => void told.push(why)
  )
  return { clock, hearing, told }
}

describe("hearing", () => {
  it("ends at once with a refused connection or silence, told once, and is back with the first answer", () => {
    for (const error of [refused, silent]) {
      const { hearing, told } = listening()
      hearing.failed(error)
      hearing.failed(error)
      assert.deepStrictEqual(told, [error])
      hearing.confirmed()
      hearing.confirmed()
      assert.deepStrictEqual(told, [error, undefined])
    }
  })

  it("outlasts a leader that moves, for a second since the last answer", () => {
    const { clock, hearing, told } = listening()
    clock.now = 5_000
    hearing.confirmed()
    clock.now = 5_999
    hearing.failed(moved)
    assert.deepStrictEqual(told, [])
    clock.now = 6_000
    hearing.failed(moved)
    assert.deepStrictEqual(told, [moved])
  })
})
