import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import type { UndecodableBatch } from "../../../src/kafka/KafkaRecord.ts"
import { handOver, inOrder, type Piece } from "../../../src/kafkajs/internal/handOver.ts"
import { recordAt } from "../../responder/fixtures.ts"
import { elementOf, int } from "../../wire/arbitraries.ts"

const batchAt = (firstOffset: number, lastOffset: number): UndecodableBatch => ({
  topic: "stock.requests",
  partition: 0,
  firstOffset,
  lastOffset,
  timestamp: 1,
  reason: "damaged",
  bytes: new Uint8Array(1)
})

describe("handOver", () => {
  it.prop(
    "P10/undecodable: gives records and batches in the order of their offsets, each once, whoever takes how many",
    [Arbitrary.array(elementOf(["record", "record", "batch"]), { maxLength: 40 }), int(1, 5)],
    ([kinds, appetite]) => {
      const records = kinds.flatMap((kind, offset) => (kind === "record" ? [recordAt(offset)] : []))
      const batches = kinds.flatMap((kind, offset) => (kind === "batch" ? [batchAt(offset, offset)] : []))
      let rest: ReadonlyArray<Piece> = inOrder(records, batches)
      const seen: Array<number> = []
      for (let round = 0; rest.length > 0; round++) {
        let left = appetite
        rest = handOver(rest, {
          onRecords: (given) => {
            const taken = given.slice(0, left)
            left -= taken.length
            seen.push(...taken.map(({ offset }) => offset))
            return taken.length
          },
          onUndecodable: ({ firstOffset }) => {
            if (left === 0) return false
            left--
            seen.push(firstOffset)
            return true
          }
        })
        assert.isBelow(round, 100)
      }
      assert.deepStrictEqual(seen, [...kinds.keys()])
    }
  )

  it("passes over batches that nobody wants to hear of", () => {
    assert.deepStrictEqual(handOver(inOrder([], [batchAt(3, 5)]), { onRecords: () => 0 }), [])
  })
})
