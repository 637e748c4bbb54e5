import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import * as RecordHeaders from "../../src/wire/RecordHeaders.ts"
import * as ReplyAddress from "../../src/wire/ReplyAddress.ts"
import * as Arbitraries from "./arbitraries.ts"

const topic = Buffer.from("a.replies")
const partitionOf = (value: Uint8Array): number | undefined =>
  Result.getOrUndefined(ReplyAddress.decode(topic, value))?.partition

describe("ReplyAddress", () => {
  it.prop("is read as it was written", [Arbitraries.replyTo], ([address]) => {
    const headers = ReplyAddress.encode(address)
    const decoded = ReplyAddress.decode(
      RecordHeaders.last(headers, HeaderNames.replyTopic)!,
      RecordHeaders.last(headers, HeaderNames.replyPartition)
    )
    assert.deepStrictEqual(Result.getOrThrow(decoded), address)
  })

  it.prop(
    "never throws",
    [Arbitraries.bytes(0, 300), Arbitraries.maybe(Arbitraries.bytes(0, 12))],
    ([topic, partition]) => {
      const decoded = ReplyAddress.decode(topic, partition)
      if (Result.isSuccess(decoded)) assert.isTrue(ReplyAddress.isLegalTopic(decoded.success.topic))
    }
  )

  it.prop("reads NestJS's decimal digits", [Arbitraries.int(0, 2_147_483_647)], ([partition]) => {
    assert.strictEqual(partitionOf(Buffer.from(String(partition))), partition)
  })

  it("refuses partitions that Kafka cannot have", () => {
    for (const hex of ["", "00", "000001", "80000000", "ffffffff", "0000000000", "2d31"]) {
      assert.isUndefined(partitionOf(Buffer.from(hex, "hex")), hex)
    }
    for (const digits of ["2147483648", "9999999999", "12345678901", "1 ", "1x"]) {
      assert.isUndefined(partitionOf(Buffer.from(digits)), digits)
    }
  })

  it("takes four digits for text: as an int32 they would be partition 808 million", () => {
    assert.strictEqual(partitionOf(Buffer.from("0012")), 12)
    assert.strictEqual(partitionOf(Buffer.of(0, 0, 0, 0x31)), 0x31)
  })

  it("knows which topics Kafka allows", () => {
    for (const name of ["a", "A.b_c-9", "...", "x".repeat(249)]) assert.isTrue(ReplyAddress.isLegalTopic(name), name)
    for (const name of ["", ".", "..", "a/b", "a b", "ä", "a\n", "x".repeat(250)]) {
      assert.isFalse(ReplyAddress.isLegalTopic(name), name)
    }
  })
})
