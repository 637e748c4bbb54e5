import { assert, describe, it } from "@effect/vitest"
import * as RecordHeaders from "../../src/wire/RecordHeaders.ts"
import * as Arbitraries from "./arbitraries.ts"

describe("RecordHeaders", () => {
  it.prop("finds the last of a name that repeats", [Arbitraries.anyHeaders], ([headers]) => {
    for (const [name] of headers) {
      const values = headers.filter((header) => header[0] === name).map((header) => header[1])
      assert.strictEqual(RecordHeaders.last(headers, name), values.at(-1))
    }
    assert.isUndefined(RecordHeaders.last(headers, "a name that no header has"))
  })
})
