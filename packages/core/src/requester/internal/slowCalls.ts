/**
 * Calls whose middleware or encoding takes its time: they are under their deadline as well, by the sweeper and not by a
 * timer each. Calls that are encoded at once and have no middleware are never here.
 *
 * What is bounded runs in a fiber of its own, so that the caller is told at the deadline even if it cannot be
 * interrupted.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { ThrownReport } from "../../host/ThrownReport.ts"
import { Closed, Overloaded, RequestError } from "../RequestError.ts"
import type { CallHistory } from "./callHistory.ts"

/** Continues the caller's fiber with its outcome. Foreign code runs in it. */
type Resume = (outcome: Effect.Effect<never, RequestError>) => void

class SlowCall {
  readonly history: CallHistory
  readonly resume: Resume
  fiber: Fiber.Fiber<unknown, unknown> | undefined

  constructor(history: CallHistory, resume: Resume) {
    this.history = history
    this.resume = resume
  }
}

export interface SlowCallsOptions {
  readonly maxCalls: number
  readonly report: ThrownReport
  readonly wakeBy: (at: number) => void
  /** A call has left. */
  readonly left: () => void
}

export class SlowCalls {
  readonly #options: SlowCallsOptions
  readonly #calls = new Set<SlowCall>()

  constructor(options: SlowCallsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#calls.size
  }

  /** Runs the effect, at most until the deadline of its call, and makes its error true of the whole call. */
  within<A, E, R>(history: CallHistory, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | RequestError, R> {
    return Effect.withFiber((parent) =>
      Effect.callback<A, E | RequestError, R>((resume) => {
        const { left, maxCalls, wakeBy } = this.#options
        if (this.#calls.size >= maxCalls) {
          const limit = { limit: "maxInFlight", value: maxCalls } as const
          return resume(Effect.fail(history.error(new Overloaded({ operation: history.operation.tag, ...limit }))))
        }
        const call = new SlowCall(history, resume as Resume)
        this.#calls.add(call)
        wakeBy(history.deadline)
        const fiber = Effect.runForkWith(parent.context as never)(effect as Effect.Effect<A, E>)
        call.fiber = fiber
        fiber.addObserver((exit) => {
          if (!this.#calls.delete(call)) return
          left()
          this.#tell(call, ofCall(history, exit))
        })
        return Effect.suspend(() => {
          if (this.#calls.delete(call)) left()
          return Fiber.interrupt(fiber)
        })
      })
    )
  }

  /** Ends what is past its deadline; when something will be due next. */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#calls) {
      if (call.history.deadline <= now) this.#end(call, call.history.timeout())
      else if (call.history.deadline < next) next = call.history.deadline
    }
    return next
  }

  close(): void {
    for (const call of this.#calls) {
      const { delivery, operation } = call.history
      this.#end(call, call.history.error(new Closed({ operation: operation.tag, delivery })))
    }
  }

  /** What the caller's code throws goes neither into our loops nor into whatever ended its middleware. */
  #tell(call: SlowCall, outcome: Effect.Effect<unknown, unknown>): void {
    try {
      call.resume(outcome as Effect.Effect<never, RequestError>)
    } catch (thrown) {
      this.#options.report(`the caller of ${call.history.operation.tag}`, thrown)
    }
  }

  #end(call: SlowCall, error: RequestError): void {
    this.#calls.delete(call)
    this.#tell(call, Exit.fail(error))
    try {
      call.fiber?.interruptUnsafe()
    } catch (thrown) {
      this.#options.report("the middleware of a request", thrown)
    }
    this.#options.left()
  }
}

const ofCall = <A, E>(history: CallHistory, exit: Exit.Exit<A, E>): Effect.Effect<A, E | RequestError> =>
  Exit.isSuccess(exit)
    ? exit
    : Effect.mapError(exit, (error) => (error instanceof RequestError ? history.toldOf(error) : error))
