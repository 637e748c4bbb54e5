/**
 * What is measured, what is to be reached, and how both are shown.
 */
import type { Figures, Shape } from "./Load.ts"

/** One line of a measuring process. */
export type Measured =
  | { readonly name: "bare" | "ready" | "idle requester" | "idle responder" | "memory"; readonly value: number }
  | { readonly name: "load"; readonly operation: Operation; readonly figures: Figures }

export const operations = ["GetStock", "Claim"] as const
export type Operation = (typeof operations)[number]

/** What is run of each operation before the loads and not counted: compilers and caches. */
export const warmUp: Shape = { inFlight: 256, calls: 30_000 }

/** The loads, in the order they are run, each with both operations in turn. */
export const loads: ReadonlyArray<Shape> = [
  { inFlight: 1, calls: 2_000 },
  { inFlight: 16, calls: 20_000 },
  { inFlight: 64, calls: 60_000 },
  { inFlight: 256, calls: 100_000 },
  { inFlight: 1024, calls: 150_000 }
]

/** Something with a number to reach. */
export interface Goal {
  readonly what: string
  readonly measured: number
  readonly target: number
  readonly unit: string
  readonly isReached: boolean
}

const atMost = (what: string, measured: number, target: number, unit: string): Goal => ({
  what,
  measured,
  target,
  unit,
  isReached: measured <= target
})

const atLeast = (what: string, measured: number, target: number, unit: string): Goal => ({
  what,
  measured,
  target,
  unit,
  isReached: measured >= target
})

const perSecondTargets = new Map([
  [64, 9_000],
  [1024, 22_000]
])

const goalOf = (one: Measured): Goal | undefined => {
  switch (one.name) {
    case "bare":
      return undefined
    case "ready":
      return atMost("requester ready after its start", one.value, 1_000, "ms")
    case "idle requester":
    case "idle responder":
      return atMost(`processor use of an ${one.name}`, one.value, 2, "%")
    case "memory":
      return atMost("resident with 10 000 calls in flight", one.value, 250, "MB")
    case "load": {
      const { inFlight, p50, perSecond } = one.figures
      if (one.operation !== "GetStock") return undefined
      if (inFlight === 1) return atMost("GetStock alone, half of the calls within", p50, 2, "ms")
      const target = perSecondTargets.get(inFlight)
      return target === undefined ? undefined : atLeast(`GetStock, ${inFlight} in flight`, perSecond, target, "/s")
    }
  }
}

/** Everything that has a number to reach. */
export const goalsOf = (measured: ReadonlyArray<Measured>): ReadonlyArray<Goal> =>
  measured.flatMap((one) => goalOf(one) ?? [])

const number = (value: number): string => {
  if (value >= 100) return Math.round(value).toLocaleString("en").replaceAll(",", " ")
  return value.toFixed(value >= 10 ? 1 : 2)
}

const columns: ReadonlyArray<readonly [title: string, value: (figures: Figures) => number]> = [
  ["in flight", ({ inFlight }) => inFlight],
  ["calls/s", ({ perSecond }) => perSecond],
  ["p50 ms", ({ p50 }) => p50],
  ["p99 ms", ({ p99 }) => p99],
  ["requester µs/call", ({ requesterMicros }) => requesterMicros],
  ["responder µs/call", ({ responderMicros }) => responderMicros]
]

const cells = (first: string, texts: ReadonlyArray<string>): string =>
  first.padEnd(10) + texts.map((text, index) => text.padStart(columns[index]![0].length + 3)).join("")

const titles = cells(
  "",
  columns.map(([title]) => title)
)

const loadLines = (measured: ReadonlyArray<Measured>): ReadonlyArray<string> =>
  operations.flatMap((operation) =>
    measured
      .flatMap((one) => (one.name === "load" && one.operation === operation ? [one.figures] : []))
      .map((figures, index) =>
        cells(
          index === 0 ? operation : "",
          columns.map(([title, value]) => (title === "in flight" ? String(figures.inFlight) : number(value(figures))))
        )
      )
  )

const goalLine = ({ isReached, measured, target, unit, what }: Goal): string =>
  `${what.padEnd(44)}${number(measured).padStart(9)} ${unit.padEnd(4)} ${isReached ? "reached" : "MISSED "}  ${number(target)} ${unit}`

/** All of it as text. */
export const text = (measured: ReadonlyArray<Measured>): string => {
  const bare = measured.flatMap((one) => (one.name === "bare" ? [one.value] : []))
  return [
    titles,
    ...loadLines(measured),
    "",
    ...goalsOf(measured).map(goalLine),
    ...bare.map(
      (p50) => `bare kafkajs, one call at a time and no guarantees, for comparison: half within ${number(p50)} ms`
    )
  ].join("\n")
}
