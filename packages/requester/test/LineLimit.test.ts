import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { cut } from "../src/LineLimit.ts"

const limit = 4

const cutAll = (pieces: ReadonlyArray<string>): string => {
  let before = 0
  return pieces
    .map((piece) => {
      const [length, kept] = cut(limit, before, piece)
      before = length
      return kept
    })
    .join("")
}

const cutLine = (line: string) => line.slice(0, limit + 1)

const Piece = Schema.Array(Schema.Literals(["a", "bb", "cccccc", "\n", "\r", "\r\n"]))

describe("LineLimit", () => {
  it.prop(
    "keeps lines up to the limit, and one character more of longer ones, however the text comes",
    [Schema.Array(Piece)],
    ([drawn]) => {
      const pieces = drawn.map((piece) => piece.join(""))
      const expected = pieces
        .join("")
        .split(/([\r\n])/)
        .map((part) => cutLine(part))
        .join("")
      assert.strictEqual(cutAll(pieces), expected)
    }
  )

  it("holds nothing of a line that never ends", () => {
    assert.strictEqual(cutAll(Array.from({ length: 1000 }, () => "x".repeat(1000))), "xxxxx")
  })
})
