import { assert, describe, it } from "@effect/vitest"
import { parse } from "../src/Processor.ts"

describe("the usage of a process", () => {
  it("is read from proc's line, whatever the command is called", () => {
    const line =
      "4242 (a) b (c)) S 1 1 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 11 0 100 1000000 25600 18446744073709551615 1 1 0"
    assert.deepStrictEqual(parse(line), { micros: 3_000_000, residentMb: 100 })
  })
})
