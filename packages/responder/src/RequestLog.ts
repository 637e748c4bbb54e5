/**
 * What the responder shows of its work: a line for each of the first requests of a second, and one line that sums up the
 * rest. Thousands of requests a second stay readable, and cost a counter each.
 */
import type { Answered } from "@kafka-request-reply/core/Responder"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { counted, grouped, Tally } from "@kafka-request-reply/program/Tally"

export interface Options {
  /** Lines about single requests per second. */
  readonly linesPerSecond: number
  /** Whether lines are laid out in columns, or given as fields to a structured logger. */
  readonly format: "text" | "json"
}

/** One request in columns: operation, key, outcome, time. */
export const line = ({ attempt, key, millis, operation, outcome }: Answered): string => {
  const retried = attempt > 1 ? `  (attempt ${attempt})` : ""
  return `${operation.padEnd(17)} ${(key ?? "-").padEnd(14)} ${outcome.padEnd(11)} ${millis.toFixed(1).padStart(7)} ms${retried}`
}

export class RequestLog extends Context.Service<
  RequestLog,
  {
    /** Synchronous, for the responder's hot path. */
    readonly onAnswered: (answered: Answered) => void
  }
>()("@kafka-request-reply/responder/RequestLog") {}

/** Sums up each second while the scope is open, and all of it when the scope closes. */
export const make = Effect.fnUntraced(function* ({ format, linesPerSecond }: Options) {
  const log = Effect.runForkWith(yield* Effect.context<never>())
  const all = new Tally()
  let unsaid = new Tally()
  let budget = linesPerSecond

  const sumUp = Effect.suspend(() => {
    budget = linesPerSecond
    const sum = unsaid
    if (sum.count === 0) return Effect.void
    unsaid = new Tally()
    return Effect.logInfo(`${grouped(sum.count)} more: ${sum.text()}`)
  })
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      sumUp,
      Effect.suspend(() =>
        all.count === 0 ? Effect.void : Effect.logInfo(`stopped after ${counted(all.count, "request")}: ${all.text()}`)
      )
    )
  )
  yield* sumUp.pipe(Effect.delay("1 second"), Effect.forever, Effect.forkScoped)
  return RequestLog.of({
    onAnswered: (answered) => {
      all.add(answered.operation, answered.outcome, answered.millis)
      if (budget <= 0) return unsaid.add(answered.operation, answered.outcome, answered.millis)
      budget--
      log(
        format === "text"
          ? Effect.logInfo(line(answered))
          : Effect.annotateLogs(Effect.logInfo("answered"), { ...answered })
      )
    }
  })
})

export const layer = (options: Options): Layer.Layer<RequestLog> => Layer.effect(RequestLog, make(options))
