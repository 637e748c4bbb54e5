import { assert, describe, it } from "@effect/vitest"
import { readStartLine } from "../../src/internal/startLine.ts"

const needs = (...args: ReadonlyArray<string>) => readStartLine(args)?.needsKafka

describe("startLine", () => {
  it("keeps the program's arguments as they are", () => {
    assert.deepStrictEqual(readStartLine(["--", "node", "main.ts", "--", "--x", "--", "-h"]), {
      program: ["node", "main.ts", "--", "--x", "--", "-h"],
      needsKafka: true
    })
  })

  it("leaves Kafka alone for arguments that only print, and for those that are named", () => {
    assert.isTrue(needs("--", "node", "main.ts", "run"))
    assert.isFalse(needs("--", "node", "main.ts", "run", "--help"))
    assert.isFalse(needs("--", "node", "main.ts", "--completions=zsh"))
    assert.isTrue(needs("--", "node", "main.ts", "run", "--memory"))
    assert.isFalse(needs("--unless", "--memory", "--", "node", "main.ts", "run", "--memory"))
    assert.isFalse(needs("--unless", "a", "--unless", "b", "--", "node", "b"))
    // `pnpm start -- --memory` hands the dashes on.
    assert.isFalse(needs("--unless", "--memory", "--", "node", "main.ts", "--", "run", "--memory"))
    assert.isTrue(needs("--unless", "--memory", "--", "node", "main.ts", "--", "--", "--memory"))
  })

  it("refuses what it does not know", () => {
    for (const args of [
      [],
      ["node"],
      ["--"],
      ["--unless", "--"],
      ["--unless", "--", "node"],
      ["--if", "a", "--", "node"]
    ]) {
      assert.isUndefined(readStartLine(args), args.join(" "))
    }
  })
})
