import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Order from "../src/Order.ts"

const reason = (text: string) => {
  const result = Order.parse(text)
  return Result.isFailure(result) ? result.failure : "an order"
}

describe("Order", () => {
  it.prop("reads what it would write", [Arbitrary.schema(Order.Order)], ([order]) => {
    const text = JSON.stringify(Schema.encodeSync(Order.Order)(order))
    assert.deepStrictEqual(Result.getOrThrow(Order.parse(text)), order)
  })

  it.prop("says of any other text what is wrong, and never throws", [Schema.String], ([text]) => {
    assert.isNotEmpty(reason(text))
  })

  it.each([
    ["", /^not JSON \(Unexpected end of JSON input\)$/],
    ["\u001B[2J\u009B2J", /^not JSON \(Unexpected token '�', "�\[2J�2J" is not valid JSON\)$/],
    ['{"orderId":"\u009B2J","sku":"TEA-1","quantity":1}', /^orderId is "�2J", expected an order id/],
    ["null", /^it is null, expected object$/],
    ["[1]", /^it is \[1\], expected object$/],
    ["{}", /^orderId is missing; sku is missing; quantity is missing$/],
    ['{"orderId":"a","sku":"TEA-1","quantity":"two"}', /^quantity is "two", expected number$/],
    ['{"orderId":"a","sku":"TEA-1","quantity":1.5}', /^quantity is 1\.5, expected an integer$/],
    ['{"orderId":"a","sku":"TEA-1","quantity":0}', /^quantity is 0, expected a quantity: a whole number from 1 to/],
    ['{"orderId":"","sku":"x","quantity":1}', /^orderId is "", expected an order id.*; sku is "x", expected a SKU/],
    [`{"orderId":"${"a".repeat(200)}","sku":"TEA-1","quantity":1}`, /^orderId is "a{59}…, expected an order id/]
  ])("says what is wrong with %j", (text, expected) => {
    assert.match(reason(text), expected)
  })

  it("refuses a line that may have been cut, even if what is left would do", () => {
    const text = `{"orderId":"a","sku":"TEA-1","quantity":1}${" ".repeat(Order.longest)}`
    assert.strictEqual(reason(text), "it has more than 100000 characters")
  })

  it("finds good and malformed lines among the bundled orders", () => {
    const text = readFileSync(new URL("../data/orders.jsonl", import.meta.url), "utf8")
    const lines = text.trimEnd().split("\n").map(Order.parse)
    assert.isAbove(lines.filter(Result.isSuccess).length, 2000)
    assert.isAbove(lines.filter(Result.isFailure).length, 10)
  })
})
