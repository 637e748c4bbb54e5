import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { KeyGate } from "../../../src/publisher/internal/keyGate.ts"
import * as Arbitraries from "../../wire/arbitraries.ts"
import { indexes, Item } from "../ScriptedLink.ts"

const keyed = (index: number, key: number) => new Item(index, { key: key === 0 ? null : Buffer.from([key]) })

describe("KeyGate", () => {
  it.prop(
    "lets a key through once at a time, and the waiters out in the order they came",
    [Arbitrary.array(Arbitraries.int(0, 4), { maxLength: 30 }), Arbitraries.int(1, 4)],
    ([keys, closed]) => {
      const gate = new KeyGate()
      const batch = Array.from({ length: closed }, (_, index) => keyed(-1 - index, index + 1))
      gate.close(batch)
      const items = keys.map((key, index) => keyed(index, key))
      const admitted = items.filter((item) => gate.admit(item))
      assert.deepStrictEqual(
        indexes(admitted),
        indexes(items.filter((_, index) => keys[index] === 0 || keys[index]! > closed))
      )
      assert.strictEqual(gate.size, items.length - admitted.length)
      const released = gate.open(batch) as ReadonlyArray<Item>
      for (let key = 1; key <= closed; key++) {
        const mine = (_: Item, index: number) => keys[index] === key
        assert.deepStrictEqual(
          indexes(released.filter(({ index }) => keys[index] === key)),
          indexes(items.filter(mine))
        )
      }
      assert.strictEqual(gate.size, 0)
      assert.isTrue(items.every((item) => gate.admit(item)))
    }
  )

  it("stays closed for a key when its last waiter is removed", () => {
    const gate = new KeyGate()
    const first = keyed(0, 1)
    gate.close([first])
    const waiter = keyed(1, 1)
    assert.isFalse(gate.admit(waiter))
    assert.deepStrictEqual(
      gate.remove((item) => item === waiter),
      [waiter]
    )
    assert.isFalse(gate.admit(keyed(2, 1)))
    assert.deepStrictEqual(
      gate.open([first]).map((item) => (item as Item).index),
      [2]
    )
  })

  it("keeps binary keys apart, and knows none of records without a key", () => {
    const keys = [Buffer.from("b"), Buffer.from([0xff]), Buffer.from([0xfe]), Buffer.alloc(0)]
    assert.strictEqual(new Set(keys.map((key) => new Item(0, { key }).orderKey)).size, keys.length)
    assert.isUndefined(new Item(0).orderKey)
  })
})
