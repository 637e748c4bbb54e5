/**
 * What is measured, what is to be reached, and how both are shown.
 */
import type { Figures } from "./Load.ts"

/** One line of the measuring process. */
export type Measured =
  | { readonly name: "bare" | "ready" | "idle" | "memory"; readonly value: number }
  | { readonly name: "load"; readonly figures: Figures }

/** What is run before the loads and not counted: compilers and caches. */
export const warmUp = { inFlight: 256, calls: 40_000 }

/** The loads, in the order they are run. */
export const loads: ReadonlyArray<{ readonly inFlight: number; readonly calls: number }> = [
  { inFlight: 1, calls: 2_000 },
  { inFlight: 16, calls: 20_000 },
  { inFlight: 64, calls: 60_000 },
  { inFlight: 256, calls: 100_000 },
  { inFlight: 1024, calls: 150_000 }
]

export interface Row {
  readonly what: string
  readonly measured: number
  readonly target: number | undefined
  readonly unit: string
  readonly isReached: boolean | undefined
}

const atMost = (what: string, measured: number, target: number, unit: string): Row => ({
  what,
  measured,
  target,
  unit,
  isReached: measured <= target
})

const atLeast = (what: string, measured: number, target: number | undefined, unit: string): Row => ({
  what,
  measured,
  target,
  unit,
  isReached: target === undefined ? undefined : measured >= target
})

const perSecondTargets = new Map([
  [64, 9_000],
  [1024, 22_000]
])

/** The rows of the table. */
export const rowsOf = (measured: ReadonlyArray<Measured>): ReadonlyArray<Row> =>
  measured.flatMap((one): ReadonlyArray<Row> => {
    if (one.name === "bare") {
      const what = "the floor: bare kafkajs, 1 in flight, half within"
      return [{ what, measured: one.value, target: undefined, unit: "ms", isReached: undefined }]
    }
    if (one.name === "ready") return [atMost("requester ready after its start", one.value, 1_000, "ms")]
    if (one.name === "idle") return [atMost("processor use of an idle, connected requester", one.value, 2, "%")]
    if (one.name !== "load") return [atMost("resident with 10 000 calls in flight", one.value, 250, "MB")]
    const { cpuMicrosPerCall, inFlight, p50, perSecond } = one.figures
    const cpu = {
      what: `  requester's processor time, ${inFlight} in flight`,
      measured: cpuMicrosPerCall,
      unit: "µs/call"
    }
    return [
      atLeast(`calls, ${inFlight} in flight`, perSecond, perSecondTargets.get(inFlight), "/s"),
      inFlight === 1
        ? atMost("  half of them answered within", p50, 2, "ms")
        : {
            what: "  half of them answered within",
            measured: p50,
            target: undefined,
            unit: "ms",
            isReached: undefined
          },
      { ...cpu, target: undefined, isReached: undefined }
    ]
  })

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en").replaceAll(",", " ") : value.toFixed(value >= 10 ? 1 : 2)

/** The table as text. */
export const table = (rows: ReadonlyArray<Row>): string =>
  rows
    .map(({ isReached, measured, target, unit, what }) => {
      const goal =
        target === undefined ? "" : `${isReached === true ? "reached" : "MISSED "}  ${number(target)} ${unit}`
      return `${what.padEnd(50)}${number(measured).padStart(9)} ${unit.padEnd(8)} ${goal}`.trimEnd()
    })
    .join("\n")
