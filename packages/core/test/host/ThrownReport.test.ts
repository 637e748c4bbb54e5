import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as ThrownReport from "../../src/host/ThrownReport.ts"

const reporting = (tell: (line: string) => void) =>
  Effect.provide(ThrownReport.make, Logger.layer([Logger.make(({ message }) => tell(String(message)))]))

describe("ThrownReport", () => {
  it.effect("tells each kind once", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const report = yield* reporting((line) => void lines.push(line))
      for (let i = 0; i < 3; i++) report("a caller", new TypeError("no"))
      report("an observer", new TypeError("no"))
      report("a caller", "text")
      report("a caller", Object.create(null))
      assert.lengthOf(lines, 4)
      assert.match(lines[0]!, /^a caller threw: TypeError: no/)
    })
  )

  it.effect("is bounded, and harmless when the logger throws", () =>
    Effect.gen(function* () {
      let lines = 0
      const report = yield* reporting(() => {
        lines++
        throw new Error("a logger that throws")
      })
      for (let i = 0; i < 1_000; i++) report("a caller", new Error(String(i)))
      assert.strictEqual(lines, 100)
    })
  )
})
