import { assert, describe, it } from "@effect/vitest"
import { murmur2, partitionOf } from "../../src/protocol/partitioner.ts"
import { bytes, int } from "../wire/arbitraries.ts"

const utf8 = (text: string): Uint8Array => Buffer.from(text, "utf8")

describe("partitionOf", () => {
  // org.apache.kafka.common.utils.UtilsTest#testMurmur2.
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107]
  ] as const)("hashes %s as Kafka's Java clients do", (key, hash) => {
    assert.strictEqual(murmur2(utf8(key)), hash)
  })

  it.prop("is a partition, always the same", [bytes(0, 40), int(1, 300)], ([key, partitions]) => {
    const partition = partitionOf(key, partitions)
    assert.isTrue(Number.isInteger(partition) && partition >= 0 && partition < partitions)
    assert.strictEqual(partitionOf(Uint8Array.from(key), partitions), partition)
  })

  it("spreads keys", () => {
    const counts = Array.from({ length: 8 }, () => 0)
    for (let i = 0; i < 8_000; i++) counts[partitionOf(utf8(`order-${i}`), 8)]!++
    for (const count of counts) assert.isTrue(count > 800 && count < 1_200, String(counts))
  })
})
