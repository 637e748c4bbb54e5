/**
 * Sends every order of a file, some at a time, and counts what comes of them. Lines that are no orders are reported and
 * passed over. When it is interrupted it takes no further orders, waits a while for the answers under way, and still
 * gives the result of what was done.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { counted } from "@kafka-request-reply/program/Tally"
import * as Stopwatch from "@kafka-request-reply/program/Stopwatch"
import { Latency } from "./Latency.ts"
import * as Order from "./Order.ts"
import type { OrderLine, OrderLines } from "./OrderLines.ts"
import * as Outcome from "./Outcome.ts"
import * as Progress from "./Progress.ts"
import { Screen } from "./Screen.ts"

export interface Options<A, E> {
  readonly orders: OrderLines
  readonly reserve: (order: Order.Order) => Effect.Effect<A, E>
  /** Words a success. */
  readonly say: (answer: A) => string
  readonly concurrency: number
  readonly drainMillis: number
  readonly linesPerSecond: number
}

export interface RunResult {
  /** How often each outcome came, the most frequent first. */
  readonly outcomes: ReadonlyArray<{ readonly name: string; readonly kind: Outcome.Kind; readonly count: number }>
  readonly calls: number
  readonly malformedLines: number
  readonly seconds: number
  readonly latency: Latency
  /** Whether it was stopped before all orders were sent. */
  readonly isStopped: boolean
}

/** Whether request/reply itself failed for any call. */
export const hasFailures = (result: RunResult): boolean => result.outcomes.some(Outcome.isFailure)

// Enough to keep the workers fed while the next piece of the file is read.
const linesAhead = 1024

/** Must run uninterruptibly: it handles interruption itself, so that the result so far is still returned. */
export const run = Effect.fnUntraced(
  function* <A, E>(options: Options<A, E>) {
    const screen = yield* Screen
    const clock = yield* Clock.Clock
    const queue = yield* Queue.bounded<OrderLine, Cause.Done>(linesAhead)
    const latency = new Latency()
    const counts = new Map<string, { readonly name: string; readonly kind: Outcome.Kind; count: number }>()
    let [inFlight, answered, malformedLines, bytesDone, isStopped] = [0, 0, 0, 0, false]
    const elapsed = Stopwatch.start(clock)

    const progress = yield* Progress.make(
      { linesPerSecond: options.linesPerSecond, size: options.orders.size },
      () => ({
        inFlight,
        answered,
        bytesDone
      })
    )
    const count = (outcome: Outcome.Outcome) => {
      const known = counts.get(outcome.name)
      if (known === undefined) counts.set(outcome.name, { name: outcome.name, kind: outcome.kind, count: 1 })
      else known.count++
    }
    const place = Effect.fnUntraced(function* (order: Order.Order) {
      const sinceSent = Stopwatch.start(clock)
      inFlight++
      // The exit is counted whatever happens, an interruption at the end of the drain included.
      yield* Effect.onExit(options.reserve(order), (exit) =>
        Effect.sync(() => {
          const millis = sinceSent()
          const outcome = Outcome.of(exit, options.say)
          inFlight--
          count(outcome)
          if (outcome.kind !== "stopped") {
            answered++
            latency.record(millis)
          }
          progress.answered(order, outcome, millis)
        })
      ).pipe(Effect.exit)
    })
    const work = Effect.gen(function* () {
      while (true) {
        const line = yield* Queue.take(queue)
        if (line.text.trim() !== "") {
          const order = Order.parse(line.text)
          if (Result.isSuccess(order)) yield* place(order.success)
          else {
            malformedLines++
            screen.complaint.line(
              `${screen.complaint.paint("yellow", `line ${line.number}`)} is no order: ${order.failure}`
            )
          }
        }
        bytesDone += line.bytes
      }
    }).pipe(Effect.catchTag("Done", () => Effect.void))

    const read = options.orders.lines.pipe(
      Stream.runForEachArray((lines) => Queue.offerAll(queue, lines)),
      Effect.ensuring(Queue.end(queue))
    )
    const stop = Effect.fnUntraced(function* (reader: Fiber.Fiber<void, unknown>, workers: Fiber.Fiber<unknown>) {
      isStopped = true
      yield* Fiber.interrupt(reader)
      yield* Queue.clear(queue).pipe(Effect.exit)
      if (inFlight > 0) {
        const answers = counted(inFlight, "answer")
        screen.complaint.line(`stopping: waiting up to ${options.drainMillis / 1000} s for ${answers}`)
      }
      yield* Fiber.await(workers).pipe(Effect.timeoutOption(options.drainMillis))
      yield* Fiber.interrupt(workers)
    })
    const reader = yield* Effect.forkChild(read)
    const workers = yield* Effect.forkChild(
      Effect.all(
        Array.from({ length: options.concurrency }, () => work),
        { concurrency: "unbounded", discard: true }
      )
    )
    const done = yield* Effect.exit(Effect.interruptible(Effect.andThen(Fiber.join(reader), Fiber.join(workers))))
    if (Exit.isFailure(done)) {
      yield* stop(reader, workers)
      if (!Cause.hasInterrupts(done.cause)) return yield* Effect.failCause(done.cause)
    }
    const outcomes = Array.from(counts.values()).sort((a, b) => b.count - a.count)
    const result: RunResult = {
      outcomes,
      calls: outcomes.reduce((sum, { count }) => sum + count, 0),
      malformedLines,
      seconds: elapsed() / 1000,
      latency,
      isStopped
    }
    return result
  },
  Effect.scoped,
  Effect.uninterruptible
)
