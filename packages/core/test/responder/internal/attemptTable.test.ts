import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { AttemptTable, checkOf, rowBytes } from "../../../src/responder/internal/attemptTable.ts"
import { rejected } from "../../../src/responder/internal/answer.ts"
import { sizeOf, stored, type StoredAnswer } from "../../../src/responder/internal/storedAnswer.ts"
import { elementOf, int, oneOf } from "../../wire/arbitraries.ts"

const idOf = (number: number): Uint8Array =>
  // Every third one is of another program.
  number % 3 === 0
    ? Buffer.from(`foreign ${number}`)
    : Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? number : 7))

const answerOf = (bytes: number): StoredAnswer =>
  stored({ outcome: "success", body: new Uint8Array(bytes) }, [["h", Uint8Array.of(1)]])

const refusal = stored(rejected("overloaded", "later", 5), [])

interface Ended {
  readonly attempt: number
  readonly check: number
  readonly answer: StoredAnswer | undefined
  readonly isFinal: boolean
  readonly expiresAt: number
}

type Step =
  | readonly ["end", number, number, number, StoredAnswer | undefined, number, boolean]
  | readonly ["find", number, number, number]
  | readonly ["wait", number]

const ids = int(1, 40)
const attempts = elementOf([1, 1, 1, 2, 3])
const checks = elementOf([5, 5, 5, 6])
const ended = Arbitrary.map(
  Arbitrary.all([
    ids,
    attempts,
    checks,
    elementOf([undefined, answerOf(3), refusal]),
    int(0, 12_000),
    elementOf([false, true])
  ]),
  (parts): Step => ["end", ...parts]
)
const step = oneOf<Step>(
  ended,
  ended,
  Arbitrary.map(Arbitrary.all([ids, attempts, checks]), (parts): Step => ["find", ...parts]),
  Arbitrary.map(elementOf([0, 1, 400, 1_000, 7_000, 2_000_000]), (millis): Step => ["wait", millis])
)

const isForAll = ({ answer, isFinal }: Ended): boolean => isFinal && answer !== undefined

const bytesOf = (model: ReadonlyMap<number, Ended>): number =>
  [...model.values()].reduce((sum, { answer }) => sum + rowBytes + (answer === undefined ? 0 : sizeOf(answer)), 0)

describe("AttemptTable", () => {
  it.prop(
    "P6/attempts: knows the first outcome of the highest attempt until it expires, as a plain map does",
    [Arbitrary.array(step, { maxLength: 300 }), int(-5, 5)],
    ([steps, seed]) => {
      const table = new AttemptTable(1_000_000, seed)
      const model = new Map<number, Ended>()
      const recent = new Map<number, Ended>()
      let now = 0
      for (const step of steps) {
        for (const [id, { expiresAt }] of model) if (expiresAt <= now) model.delete(id)
        if (step[0] === "wait") now += step[1]
        else if (step[0] === "end") {
          const [, id, attempt, check, answer, millis, isFinal] = step
          const expiresAt = now + millis
          assert.strictEqual(table.end({ correlationId: idOf(id), attempt, check, isFinal }, answer, expiresAt, now), 0)
          const known = model.get(id)
          if (millis === 0) continue
          if (known !== undefined && (known.check !== check || known.attempt >= attempt)) {
            const isSame = known.check === check && known.attempt === attempt
            if (isSame && isFinal) model.set(id, { ...known, isFinal })
            continue
          }
          model.set(id, { attempt, check, answer, isFinal, expiresAt: Math.max(expiresAt, known?.expiresAt ?? 0) })
          for (const [id, { expiresAt }] of recent) if (expiresAt <= now - 1_000) recent.delete(id)
          recent.set(id, model.get(id)!)
          // What has expired goes within a second.
          assert.isAtLeast(table.size, model.size)
          assert.isAtMost(table.size, recent.size)
          assert.isAtLeast(table.bytes, bytesOf(model))
          assert.isAtMost(table.bytes, bytesOf(recent))
        } else {
          const [, id, attempt, check] = step
          const found = table.find({ correlationId: idOf(id), attempt, check }, now)
          const known = model.get(id)
          const expected =
            known === undefined || (known.check === check && known.attempt < attempt && !isForAll(known))
              ? { _tag: "New" }
              : known.check === check
                ? { _tag: "Over", answer: known.answer }
                : { _tag: "Conflict" }
          assert.deepStrictEqual(found, expected as typeof found)
        }
      }
    },
    { arbitrary: { runs: 400 } }
  )

  it("P9/attempts: gives up answers before it forgets that they were given, and stays within its bytes", () => {
    const table = new AttemptTable(rowBytes * 3_000, 1)
    let forgotten = 0
    for (let number = 0; number < 20_000; number++) {
      const correlationId = Buffer.alloc(16)
      correlationId.writeUInt32BE(number, 12)
      forgotten += table.end(
        { correlationId, attempt: 1, check: 0, isFinal: false },
        answerOf(40),
        number + 10_000,
        number
      )
      assert.isAtMost(table.bytes, rowBytes * 3_000)
      if (number === 2_900) assert.strictEqual(forgotten, 0)
    }
    assert.isAbove(forgotten, 0)
    const last = Buffer.alloc(16)
    last.writeUInt32BE(19_999, 12)
    assert.strictEqual(table.find({ correlationId: last, attempt: 1, check: 0 }, 19_999)._tag, "Over")
    // Once all of it has expired, the room is there again.
    table.end({ correlationId: Buffer.alloc(16, 9), attempt: 1, check: 0, isFinal: false }, undefined, 90_000, 60_000)
    assert.strictEqual(table.size, 1)
  })

  it("tells operations and payloads apart", () => {
    const checks = [checkOf("Get", null), checkOf("Get", Buffer.from("1")), checkOf("Set", Buffer.from("1"))]
    assert.strictEqual(new Set(checks).size, 3)
  })
})
