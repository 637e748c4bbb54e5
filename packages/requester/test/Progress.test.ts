import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as Order from "../src/Order.ts"
import * as Progress from "../src/Progress.ts"

const share = Schema.Finite.check(Schema.isBetween({ minimum: -1, maximum: 2 }))

describe("Progress", () => {
  it.prop("draws a bar that always has the same width and never shrinks", [Arbitrary.schema(share)], ([part]) => {
    const bar = Progress.bar(part)
    assert.lengthOf(bar, 24)
    assert.match(bar, /^█*[▏▎▍▌▋▊▉]? *$/)
    assert.isAtMost(bar.split("█").length, Progress.bar(part + 0.05).split("█").length)
  })

  it("draws nothing at the start and all at the end", () => {
    assert.strictEqual(Progress.bar(0), " ".repeat(24))
    assert.strictEqual(Progress.bar(1), "█".repeat(24))
    assert.strictEqual(Progress.bar(0.5), "█".repeat(12) + " ".repeat(12))
  })

  it("has columns for an answer", () => {
    const order = Order.Order.make({ orderId: "order-17", sku: "TEA-0042", quantity: 2 } as never)
    const outcome = { kind: "success", name: "success", detail: "5 left" } as const
    assert.strictEqual(
      Progress.line((_, text) => text, order, outcome, 12.34),
      "order-17          2 × TEA-0042       12.3 ms  success     5 left"
    )
  })
})
