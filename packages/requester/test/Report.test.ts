import { assert, describe, it } from "@effect/vitest"
import { Latency } from "../src/Latency.ts"
import * as Report from "../src/Report.ts"
import type { RunResult } from "../src/Run.ts"

const plain = (_: string, text: string) => text

const resultOf = (partial: Partial<RunResult> = {}): RunResult => {
  const latency = new Latency()
  for (const millis of [1.5, 3, 3.5, 40]) latency.record(millis)
  return {
    outcomes: [
      { name: "success", kind: "success", count: 1999 },
      { name: "OutOfStock", kind: "declared", count: 800 },
      { name: "Timeout", kind: "error", count: 1 }
    ],
    calls: 2800,
    malformedLines: 3,
    seconds: 2,
    latency,
    isStopped: false,
    ...partial
  }
}

describe("Report", () => {
  it("is a table of outcomes, the throughput, and the answer times", () => {
    assert.deepStrictEqual(Report.text(resultOf(), plain).split("\n"), [
      "",
      "outcomes",
      "  success              1 999   71.4 %",
      "  OutOfStock             800   28.6 %",
      "  Timeout                  1    0.0 %",
      "  no order (line)          3 ",
      "",
      "2 800 calls in 2.00 s: 1 400 per second",
      "",
      "answer times (ms)   min 1.5   p50 3.0   p90 40   p99 40   max 40",
      `  ≤       2 ms         1  25.0 %  ${"█".repeat(16)}`,
      `  ≤       5 ms         2  50.0 %  ${"█".repeat(32)}`,
      "  ≤      10 ms         0   0.0 %  ",
      "  ≤      20 ms         0   0.0 %  ",
      `  ≤      50 ms         1  25.0 %  ${"█".repeat(16)}`
    ])
  })

  it("is short when there was nothing to report", () => {
    const nothing = resultOf({ outcomes: [], calls: 0, malformedLines: 0, latency: new Latency(), seconds: 0 })
    assert.strictEqual(Report.text(nothing, plain), "\nno orders: nothing was sent")
    const stopped = Report.text({ ...nothing, isStopped: true }, plain)
    assert.strictEqual(stopped, "\nnothing was sent, stopped before the end")
    assert.strictEqual(JSON.parse(Report.json(nothing)).latencyMillis, null)
  })

  it("has the same for programs", () => {
    const json = JSON.parse(Report.json(resultOf({ isStopped: true })))
    assert.deepInclude(json, {
      calls: 2800,
      malformedLines: 3,
      isStopped: true,
      failures: 1,
      outcomes: { success: 1999, OutOfStock: 800, Timeout: 1 },
      seconds: 2,
      callsPerSecond: 1400
    })
    assert.strictEqual(json.latencyMillis.count, 4)
  })
})
