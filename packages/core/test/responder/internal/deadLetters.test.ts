import { assert, describe, it } from "@effect/vitest"
import * as DeadLetters from "../../../src/responder/internal/deadLetters.ts"
import { because, TooLarge } from "../../../src/kafka/TransportError.ts"
import { ScriptedPublisher } from "../../requester/engine.ts"
import { recordAt } from "../fixtures.ts"

describe("a dead letter", () => {
  it("is the record as it came, with where from and why, and done whatever becomes of it", () => {
    const publisher = new ScriptedPublisher()
    const lost: Array<unknown> = []
    const onLost: Parameters<typeof DeadLetters.make>[3] = ({ offset }, { reason }) => lost.push([offset, reason._tag])
    const deadLetters = DeadLetters.make("stock.dead", publisher, () => 1_000, onLost)
    const done: Array<number> = []
    const record = recordAt(17, {
      partition: 2,
      key: Buffer.from("k"),
      value: Buffer.from("v"),
      headers: [["x", Buffer.from("y")]]
    })
    deadLetters.offer(record, "no rr header", () => done.push(1))
    deadLetters.offer(record, "no rr header", () => done.push(2))
    const [letter] = publisher.offered
    assert.deepStrictEqual(
      [letter!.topic, letter!.key, letter!.value, letter!.deadline],
      ["stock.dead", record.key, record.value, 31_000]
    )
    assert.deepStrictEqual(
      letter!.headers.map(([name, value]) => [name, Buffer.from(value).toString()]),
      [
        ["x", "y"],
        ["rr-dead-reason", "no rr header"],
        ["rr-dead-topic", "stock.requests"],
        ["rr-dead-partition", "2"],
        ["rr-dead-offset", "17"]
      ]
    )
    assert.deepStrictEqual(done, [])
    publisher.acknowledge(0)
    assert.deepStrictEqual(lost, [])
    publisher.refuse(1, because(new TooLarge({ topic: "stock.dead", detail: "" })))
    assert.deepStrictEqual(done, [1, 2])
    assert.deepStrictEqual(lost, [[17, "TooLarge"]])
  })
})
