import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Canceller from "../../../src/requester/internal/canceller.ts"
import { because, Unreachable } from "../../../src/transport/TransportError.ts"
import * as RequestEnvelope from "../../../src/wire/RequestEnvelope.ts"
import { recorderInto, ScriptedPublisher } from "../engine.ts"
import { pendingCall } from "../fixtures.ts"

describe("a cancel", () => {
  it("goes to every partition of the control topic, until the call's deadline, whatever becomes of it", () => {
    const publisher = new ScriptedPublisher()
    const log: Array<string> = []
    const call = pendingCall(7, { deadline: 1_234 })
    Canceller.make("stock.control", 3, publisher, recorderInto(log)).cancel(call)
    assert.deepStrictEqual(
      publisher.offered.map(({ deadline, partition, topic }) => [topic, partition, deadline]),
      [0, 1, 2].map((partition) => ["stock.control", partition, 1_234])
    )
    for (const { headers } of publisher.offered) {
      const { correlationId, operation } = { correlationId: call.correlationId, operation: "Get" }
      assert.deepStrictEqual(Result.getOrThrow(RequestEnvelope.decode(headers)), {
        kind: "cancel",
        operation,
        correlationId
      })
    }
    publisher.acknowledge(0)
    publisher.refuse(1, because(new Unreachable({ brokers: [], detail: "" })))
    assert.deepStrictEqual(log, ["cancelled"])
  })
})
