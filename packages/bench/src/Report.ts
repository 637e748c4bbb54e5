/**
 * The summary as text for people: a table for each operation, then how often faster this project is than each peer.
 */
import type { Standing } from "./Standing.ts"
import { type Row, ratiosOf } from "./Summary.ts"
import type { Operation } from "./Workload.ts"

const number = (value: number | undefined): string => {
  if (value === undefined) return "-"
  if (value >= 100) return Math.round(value).toLocaleString("en").replaceAll(",", " ")
  return value.toFixed(value >= 10 ? 1 : 2)
}

const columns: ReadonlyArray<readonly [title: string, value: (row: Row) => string]> = [
  ["in flight", ({ inFlight }) => String(inFlight)],
  ["calls/s", ({ perSecond }) => number(perSecond.median)],
  ["±%", ({ perSecond: { high, low, median } }) => String(Math.round(((high - low) / 2 / median) * 100))],
  ["p50 ms", ({ p50 }) => number(p50)],
  ["p90", ({ p90 }) => number(p90)],
  ["p99", ({ p99 }) => number(p99)],
  ["p99.9", ({ p999 }) => number(p999)],
  ["req µs", ({ requesterMicros }) => number(requesterMicros)],
  ["resp µs", ({ responderMicros }) => number(responderMicros)],
  ["broker µs", ({ brokerMicros }) => number(brokerMicros)],
  ["req MB", ({ requesterMb }) => number(requesterMb)],
  ["resp MB", ({ responderMb }) => number(responderMb)]
]

const nameWidth = 22

const line = (name: string, cells: ReadonlyArray<string>): string =>
  name.padEnd(nameWidth) + cells.map((cell, index) => cell.padStart(columns[index]![0].length + 2)).join("")

const table = (rows: ReadonlyArray<Row>, operation: Operation): ReadonlyArray<string> => {
  const mine = rows.filter((row) => row.operation === operation)
  const titles = columns.map(([title]) => title)
  return [
    line(operation, titles),
    ...mine.map((row, index) => {
      const isFirst = row.peer !== mine[index - 1]?.peer
      const cells = columns.map(([, value]) => value(row))
      return `${line(isFirst ? row.peer : "", cells)}${row.wrong === 0 ? "" : `  ${row.wrong} WRONG`}`
    }),
    ""
  ]
}

/** Peers that are compared with, some of them in variants. */
const rivals: ReadonlyArray<readonly [name: string, peers: ReadonlyArray<string>]> = [
  ["the floor with our codec", ["floor, our codec"]],
  ["the floor, stock kafkajs", ["floor, stock kafkajs"]],
  ["Spring's best", ["Spring, linger 0", "Spring, linger 5"]],
  ["NestJS", ["NestJS ClientKafka"]]
]

const ratioLines = (rows: ReadonlyArray<Row>, operation: Operation, self: string): ReadonlyArray<string> =>
  rivals.flatMap(([name, peers]) => {
    const ratios = ratiosOf(rows, operation, self, peers)
    if (ratios.length === 0) return []
    const cells = ratios.map(({ inFlight, ratio }) => `${inFlight}: ${ratio.toFixed(2)} ×`.padStart(14))
    return [`${operation}: this project / ${name}`.padEnd(52) + cells.join("")]
  })

const standingLines = ({
  held,
  requesterIdle,
  requesterReadyMillis,
  responderIdle
}: Standing): ReadonlyArray<string> => [
  "",
  `requester ready after ${number(requesterReadyMillis)} ms`,
  `idle: requester ${number(requesterIdle)} %, responder ${number(responderIdle)} % of a processor`,
  ...held.map(({ calls, megabytes }) => `${number(calls)} calls in flight: ${number(megabytes)} MB resident`)
]

/** All of it. */
export const text = (rows: ReadonlyArray<Row>, standing: Standing, self: string): string => {
  const operations = [...new Set(rows.map(({ operation }) => operation))]
  return [
    ...operations.flatMap((operation) => table(rows, operation)),
    ...operations.flatMap((operation) => ratioLines(rows, operation, self)),
    ...standingLines(standing)
  ].join("\n")
}
