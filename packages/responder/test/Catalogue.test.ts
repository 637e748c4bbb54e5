import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Catalogue from "../src/Catalogue.ts"

const problems = (text: string) => {
  const result = Catalogue.parse(text, "catalogue.csv")
  return Result.isFailure(result) ? result.failure.problems.map(({ line, detail }) => `${line}: ${detail}`) : []
}

describe("Catalogue", () => {
  it("reads the bundled catalogue", () => {
    const text = readFileSync(new URL("../data/catalogue.csv", import.meta.url), "utf8")
    const articles = Result.getOrThrow(Catalogue.parse(text, "catalogue.csv"))
    assert.isAbove(articles.length, 100)
    assert.strictEqual(new Set(articles.map(({ sku }) => sku)).size, articles.length)
  })

  it("takes quoted names, any column order, a byte order mark and any line ending", () => {
    const text = '\uFEFFname,available,sku\r\n"Tea, ""green""",7,TEA-1\nCup,0,CUP-1\r\n\r\n'
    assert.deepStrictEqual(Result.getOrThrow(Catalogue.parse(text, "")) as ReadonlyArray<unknown>, [
      { sku: "TEA-1", name: 'Tea, "green"', available: 7 },
      { sku: "CUP-1", name: "Cup", available: 0 }
    ])
  })

  it("names every bad line and what was expected", () => {
    const text =
      "sku,name,available\nTEA-1,Tea,5\ntea,Tea,5\nTEA-2,Tea,-1\nTEA-3,,1\nTEA-4,Tea,\nTEA-5,Tea,1e3\nTEA-1,Tea,9\n"
    assert.deepStrictEqual(problems(text), [
      '3: sku is "tea", expected 2 to 32 capital letters, digits and dashes, as in TEA-0042',
      '4: available is "-1", expected a whole number from 0 to 999999999',
      '5: name is "", expected a name',
      '6: available is "", expected a whole number from 0 to 999999999',
      '7: available is "1e3", expected a whole number from 0 to 999999999',
      "8: TEA-1 is listed before, in line 2"
    ])
  })

  it.each([
    ["", /^1: the header lacks sku, name, available/],
    ["sku,name\nTEA-1,Tea\n", /^1: the header lacks available/],
    ["sku,name,available\n", /^1: there are no articles/],
    ["sku,name,available\nTEA-1,Tea\n", /^2: .*columns length is 3, got 2/],
    ['sku,name,available\nTEA-1,"Tea,1\n', /^2: Quote Not Closed/]
  ])("refuses %j", (text, expected) => {
    assert.match(problems(text).join("\n"), expected)
  })

  it("shortens a long list of problems in its message", () => {
    const text = `sku,name,available\n${"x,x,x\n".repeat(30)}`
    const result = Catalogue.parse(text, "catalogue.csv")
    assert.match(
      Result.isFailure(result) ? result.failure.message : "",
      /catalogue\.csv cannot be used:[^]*and 10 more$/
    )
  })
})
