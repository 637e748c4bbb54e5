/**
 * A summary as an SVG picture: calls per second against calls in flight, one line for each peer, both axes logarithmic.
 * Light and dark by the reader's own setting; no script and no font of its own.
 */
import type { Row } from "./Summary.ts"
import type { Operation } from "./Workload.ts"

const [width, height] = [760, 420]
const [left, right, top, bottom] = [70, 190, 44, 50]
const hues = ["#0b7285", "#868e96", "#adb5bd", "#e8590c", "#f08c00", "#ae3ec9"]

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

/** A position on a logarithmic axis. */
const scale = (low: number, high: number, from: number, to: number) => (value: number) =>
  from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from)

const powersOfTen = (low: number, high: number): ReadonlyArray<number> =>
  Array.from({ length: 8 }, (_, exponent) => 10 ** exponent).filter((value) => value >= low && value <= high)

export const throughput = (rows: ReadonlyArray<Row>, operation: Operation): string => {
  const mine = rows.filter((row) => row.operation === operation)
  const levels = [...new Set(mine.map(({ inFlight }) => inFlight))].toSorted((a, b) => a - b)
  const speeds = mine.map(({ perSecond }) => perSecond.median)
  const low = 10 ** Math.floor(Math.log10(Math.min(...speeds)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...speeds)))
  const x = scale(levels[0]!, levels.at(-1)!, left, width - right)
  const y = scale(low, high, height - bottom, top)
  const grid = powersOfTen(low, high).map(
    (value) =>
      `<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString("en").replaceAll(",", " ")}</text>`
  )
  const ticks = levels.map(
    (level) => `<text x="${x(level)}" y="${height - bottom + 20}" text-anchor="middle">${level}</text>`
  )
  const lines = Array.from(Map.groupBy(mine, ({ peer }) => peer)).map(([peer, points], index) => {
    const color = hues[index % hues.length]!
    const path = points.map(({ inFlight, perSecond }) => `${x(inFlight).toFixed(1)},${y(perSecond.median).toFixed(1)}`)
    const dots = path.map(
      (point) => `<circle r="3" fill="${color}" cx="${point.split(",")[0]}" cy="${point.split(",")[1]}"/>`
    )
    const label = `<circle r="4" fill="${color}" cx="${width - right + 18}" cy="${top + 10 + index * 22}"/><text x="${width - right + 30}" y="${top + 14 + index * 22}">${escape(peer)}</text>`
    return `<polyline fill="none" stroke="${color}" stroke-width="${index === 0 ? 3 : 1.5}" points="${path.join(" ")}"/>${dots.join("")}${label}`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="calls per second by calls in flight, ${operation}">`,
    `<style>text{fill:#343a40}.grid{stroke:#dee2e6}@media(prefers-color-scheme:dark){text{fill:#dee2e6}.grid{stroke:#495057}}</style>`,
    `<text x="${left}" y="22" font-size="15" font-weight="600">${operation}: calls per second by calls in flight</text>`,
    ...grid,
    ...ticks,
    `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">calls in flight</text>`,
    ...lines,
    "</svg>",
    ""
  ].join("\n")
}
