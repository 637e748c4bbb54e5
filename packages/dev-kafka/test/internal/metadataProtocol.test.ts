/**
 * The answer's layout by hand (kafka.apache.org/protocol, Metadata Response version 4), and that no other bytes are
 * taken for one.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { answerLength, metadataRequest, readMetadata } from "../../src/internal/metadataProtocol.ts"

const hex = (...parts: ReadonlyArray<string>): Buffer => Buffer.from(parts.join("").replaceAll(" ", ""), "hex")

const body = hex(
  "6b616b61", // correlation id
  "00000000", // throttle time
  "00000001 00000002 0001 61 00002384 ffff", // brokers: 2, "a", 9092, no rack
  "0001 63", // cluster id
  "00000002", // controller
  "00000001 0000 0001 74 00", // topics: no error, "t", not internal
  "00000002", // partitions
  "0000 00000000 00000002 00000001 00000002 00000001 00000002",
  "0005 00000001 ffffffff 00000000 00000000"
)
const answer = Buffer.concat([hex(body.length.toString(16).padStart(8, "0")), body])

describe("metadataProtocol", () => {
  it("asks for all topics and creates none", () => {
    assert.deepStrictEqual(metadataRequest(), hex("00000018 0003 0004 6b616b61 0009 6465762d6b61666b61 ffffffff 00"))
  })

  it("reads brokers, controller, topics and leaders", () => {
    assert.strictEqual(answerLength(answer), answer.length)
    assert.deepStrictEqual(readMetadata(answer), {
      brokers: [{ nodeId: 2, host: "a", port: 9092 }],
      controllerId: 2,
      topics: [{ name: "t", internal: false, leaders: [2, -1] }]
    })
  })

  it("knows no length before four bytes", () => assert.isUndefined(answerLength(answer.subarray(0, 3))))

  it("refuses an answer that is cut short anywhere", () => {
    for (let length = 0; length < answer.length; length++) {
      assert.throws(() => readMetadata(answer.subarray(0, length)), RangeError)
    }
  })

  it.prop("takes no other bytes for an answer", { bytes: Schema.Array(Schema.Int) }, ({ bytes }) => {
    const noise = Buffer.from(bytes)
    assert.throws(() => readMetadata(noise), RangeError)
    return true
  })
})
