import { OutOfStock } from "@kafka-request-reply/contracts/InventoryError"
import { Count, Quantity } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import { NotSent, Rejected, RequestError, Unanswerable } from "@kafka-request-reply/core/RequestError"
import { TransportClosed, TransportError } from "@kafka-request-reply/core/TransportError"
import { assert, describe, it } from "@effect/vitest"
import * as Exit from "effect/Exit"
import * as Outcome from "../src/Outcome.ts"

const of = (exit: Exit.Exit<number, unknown>) => Outcome.of(exit, (n) => `${n} left`)

describe("Outcome", () => {
  it("tells answers from failures of request/reply", () => {
    const outOfStock = new OutOfStock({
      sku: Sku.make("TEA-1"),
      requested: Quantity.make(2),
      available: Count.make(1)
    })
    const operation = "Reserve"
    const cause = new TransportError({ reason: new TransportClosed({}) })
    const [notSent, rejected, unanswerable] = [
      new NotSent({ operation, cause }),
      new Rejected({ operation, status: "overloaded", detail: "full", isTransient: true }),
      new Unanswerable({ operation, status: "reply-refused", detail: "no right" })
    ].map((reason) => new RequestError({ reason, mayRunTwice: false }))
    const cases = [
      [Exit.succeed(3), "success", "success", "3 left", false],
      [Exit.fail(outOfStock), "declared", "OutOfStock", "2 of TEA-1 asked for, 1 available", false],
      [Exit.fail(notSent), "error", "NotSent", "Reserve was not sent: the Kafka transport is closed", true],
      [
        Exit.fail(rejected),
        "error",
        "Rejected overloaded",
        "Reserve was rejected by the responder as overloaded: full",
        true
      ],
      [
        Exit.fail(unanswerable),
        "error",
        "Unanswerable reply-refused",
        "Reserve was executed but cannot be answered, the responder says reply-refused: no right",
        true
      ],
      [Exit.die(new Error("boom")), "defect", "defect", "boom", true],
      [Exit.die("boom"), "defect", "defect", "boom", true],
      [Exit.interrupt(1), "stopped", "stopped", "stopped before the answer came", false]
    ] as const
    for (const [exit, kind, name, detail, isFailure] of cases) {
      const outcome = of(exit)
      assert.deepStrictEqual(outcome, { kind, name, detail })
      assert.strictEqual(Outcome.isFailure(outcome), isFailure)
    }
  })
})
