import { assert, describe, it } from "@effect/vitest"
import { audit } from "../../src/audit/Audit.ts"
import type { Recorded } from "../../src/Journal.ts"

const call = (id: string, at = 0, operation = "Act"): Recorded => ({
  type: "call",
  at,
  id,
  operation,
  deadline: at + 30_000,
  by: "requester-1"
})
const ended = (id: string, at: number, outcome = "success", isCertainlyNotExecuted = false): Recorded => ({
  type: "outcome",
  at,
  id,
  outcome,
  isCertainlyNotExecuted,
  by: "requester-1"
})
const ran = (id: string, at: number, by = "responder-1", key?: string): Recorded => ({ type: "run", at, id, key, by })
const did = (id: string, at: number, by = "responder-1", key?: string): Recorded => ({
  type: "effect",
  at,
  id,
  key,
  by
})
const fault = (name: string, target: string, at: number, until: number): Recorded => ({
  type: "fault",
  at,
  until,
  fault: name,
  target,
  by: "faults"
})

const rulesOf = (...entries: ReadonlyArray<Recorded>): ReadonlyArray<string> =>
  audit(entries).violations.map(({ rule }) => rule)

const fine = [call("1"), ran("1", 10), did("1", 20), ended("1", 30)] as const

describe("the audit", () => {
  it("finds nothing wrong with a call that was executed once and answered", () => {
    assert.deepStrictEqual(rulesOf(...fine), [])
  })

  it("finds a call that never ended, unless its requester was killed", () => {
    assert.deepStrictEqual(rulesOf(call("1")), ["P1/one-outcome"])
    assert.deepStrictEqual(rulesOf(call("1"), fault("requester killed", "requester-1", 5, 6)), [])
  })

  it("finds a call that ended twice", () => {
    assert.deepStrictEqual(rulesOf(...fine, ended("1", 40)), ["P1/one-outcome"])
  })

  it("finds an outcome after the deadline, unless its process stood still", () => {
    const late = [call("1"), ran("1", 1), did("1", 2), ended("1", 30_500)]
    assert.deepStrictEqual(rulesOf(...late), ["P1/deadline"])
    assert.deepStrictEqual(rulesOf(...late, { type: "stall", at: 29_000, millis: 600, by: "requester-1" }), [])
  })

  it("finds a success without an effect", () => {
    assert.deepStrictEqual(rulesOf(call("1"), ended("1", 30)), ["P4/success-without-effect"])
  })

  it("finds a run of what was certainly not executed", () => {
    const broken = fault("broker killed", "broker-0", 0, 10)
    assert.deepStrictEqual(rulesOf(call("1"), ended("1", 30, "NotSent", true), broken), [])
    assert.deepStrictEqual(rulesOf(call("1"), ran("1", 20), ended("1", 30, "NotSent", true), broken), ["P4/certainty"])
  })

  it("finds a second run that no fault of its owner explains, but not of a read", () => {
    const twice = [...fine, ran("1", 9_000, "responder-2"), did("1", 9_010, "responder-2")]
    assert.deepStrictEqual(rulesOf(...twice), ["P6/second-run"])
    assert.deepStrictEqual(rulesOf(...twice, fault("responder stopped", "responder-1", 5, 6)), ["P6/second-run"])
    assert.deepStrictEqual(rulesOf(...twice, fault("responder killed", "responder-1", 25, 900)), [])
    assert.deepStrictEqual(rulesOf(...twice, fault("responder killed", "responder-3", 25, 900)), ["P6/second-run"])
    const read = [call("1", 0, "Look"), ...twice.slice(1)]
    assert.deepStrictEqual(rulesOf(...read), [])
  })

  it("finds runs of one key that overlap at one instance", () => {
    const first = [call("1"), ran("1", 10, "responder-1", "k"), did("1", 50, "responder-1", "k"), ended("1", 60)]
    const second = (by: string) => [call("2"), ran("2", 30, by, "k"), did("2", 70, by, "k"), ended("2", 80)]
    assert.deepStrictEqual(rulesOf(...first, ...second("responder-1")), ["P8/key-order"])
    assert.deepStrictEqual(rulesOf(...first, ...second("responder-2")), [])
  })

  it("finds a failure without a fault near it", () => {
    assert.deepStrictEqual(rulesOf(call("1"), ended("1", 30_000, "Timeout")), ["P11/failure-without-fault"])
    assert.deepStrictEqual(
      rulesOf(call("1"), ended("1", 30_000, "Timeout"), fault("all brokers down", "brokers", 1, 9)),
      []
    )
  })
})
