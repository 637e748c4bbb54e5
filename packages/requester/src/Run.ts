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
import type { Latency } from "./Latency.ts"
import * as Order from "./Order.ts"
import type { OrderLine, OrderLines } from "./OrderLines.ts"
import * as Outcome from "./Outcome.ts"
import * as Progress from "./Progress.ts"
import { type OutcomeCount, RunTally } from "./RunTally.ts"
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
  readonly outcomes: ReadonlyArray<OutcomeCount>
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

/** A run under way. */
interface Course<A, E> {
  readonly options: Options<A, E>
  readonly screen: Screen["Service"]
  readonly clock: Clock.Clock
  /** Lines that were read and not yet taken. */
  readonly queue: Queue.Queue<OrderLine, Cause.Done>
  readonly tally: RunTally
  readonly progress: Progress.Progress
}

/** Calls, and counts the exit whatever it is, including an interruption at the end of the drain. */
const place = <A, E>({ clock, options, progress, tally }: Course<A, E>, order: Order.Order) =>
  Effect.suspend(() => {
    const sinceSent = Stopwatch.start(clock)
    tally.callBegan()
    return Effect.onExit(options.reserve(order), (exit) =>
      Effect.sync(() => {
        const millis = sinceSent()
        const outcome = Outcome.of(exit, options.say)
        tally.callEnded(outcome, millis)
        progress.answered(order, outcome, millis)
      })
    ).pipe(Effect.exit)
  })

/** Places the order of a line; reports a line that is no order, and skips an empty one. */
const handleLine = <A, E>(course: Course<A, E>, { number, text }: OrderLine): Effect.Effect<unknown> => {
  if (text.trim() === "") return Effect.void
  const order = Order.parse(text)
  if (Result.isSuccess(order)) return place(course, order.success)
  const { complaint } = course.screen
  course.tally.lineIsMalformed()
  complaint.line(`${complaint.paint("yellow", `line ${number}`)} is no order: ${order.failure}`)
  return Effect.void
}

/** Handles one line after another until there are no more. */
const work = <A, E>(course: Course<A, E>) =>
  Effect.gen(function* () {
    while (true) {
      const line = yield* Queue.take(course.queue)
      yield* handleLine(course, line)
      course.tally.lineIsDone(line.bytes)
    }
  }).pipe(Effect.catchTag("Done", () => Effect.void))

/** Takes no further orders, and waits a while for the answers under way. */
const stop = Effect.fnUntraced(function* <A, E>(
  { options, queue, screen, tally }: Course<A, E>,
  reader: Fiber.Fiber<void, unknown>,
  workers: Fiber.Fiber<unknown>
) {
  yield* Fiber.interrupt(reader)
  yield* Queue.clear(queue).pipe(Effect.exit)
  if (tally.inFlight > 0) {
    const answers = counted(tally.inFlight, "answer")
    screen.complaint.line(`stopping: waiting up to ${options.drainMillis / 1000} s for ${answers}`)
  }
  yield* Fiber.await(workers).pipe(Effect.timeoutOption(options.drainMillis))
  yield* Fiber.interrupt(workers)
})

/** Must run uninterruptibly: it handles interruption itself, so that the result so far is still returned. */
export const run = Effect.fnUntraced(
  function* <A, E>(options: Options<A, E>) {
    const { concurrency, linesPerSecond, orders } = options
    const screen = yield* Screen
    const clock = yield* Clock.Clock
    const queue = yield* Queue.bounded<OrderLine, Cause.Done>(linesAhead)
    const tally = new RunTally()
    const elapsed = Stopwatch.start(clock)
    const progress = yield* Progress.make({ linesPerSecond, size: orders.size }, () => tally)
    const course: Course<A, E> = { options, screen, clock, queue, tally, progress }

    const read = orders.lines.pipe(
      Stream.runForEachArray((lines) => Queue.offerAll(queue, lines)),
      Effect.ensuring(Queue.end(queue))
    )
    const working = Effect.all(
      Array.from({ length: concurrency }, () => work(course)),
      { concurrency: "unbounded", discard: true }
    )
    const reader = yield* Effect.forkChild(read)
    const workers = yield* Effect.forkChild(working)
    const done = yield* Effect.exit(Effect.interruptible(Effect.andThen(Fiber.join(reader), Fiber.join(workers))))
    if (Exit.isFailure(done)) {
      yield* stop(course, reader, workers)
      if (!Cause.hasInterrupts(done.cause)) return yield* Effect.failCause(done.cause)
    }
    const { latency, malformedLines, outcomes } = tally
    const result: RunResult = {
      outcomes,
      calls: outcomes.reduce((sum, { count }) => sum + count, 0),
      malformedLines,
      seconds: elapsed() / 1000,
      latency,
      isStopped: Exit.isFailure(done)
    }
    return result
  },
  Effect.scoped,
  Effect.uninterruptible
)
