/**
 * Calls that have an outcome and callers that do not know it yet. A caller is resumed by running its fiber on the spot,
 * and with it code that is not ours: this happens when the loop that ended the calls is through, each guarded, so that
 * what throws ends nothing but its own call.
 */
import type { EventLoop } from "../../host/EventLoop.ts"
import type { ThrownReport } from "../../host/ThrownReport.ts"
import type { Call } from "./call.ts"

export class FinishedCalls {
  readonly #report: ThrownReport
  readonly #eventLoop: EventLoop
  #calls: Array<Call> = []
  #isScheduled = false

  constructor(report: ThrownReport, eventLoop: EventLoop) {
    this.#report = report
    this.#eventLoop = eventLoop
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0
  }

  add(call: Call): void {
    this.#calls.push(call)
  }

  /** Resumes all callers, those of calls that end meanwhile too. */
  resume(): void {
    while (this.#calls.length > 0) {
      const calls = this.#calls
      this.#calls = []
      for (const call of calls) {
        try {
          call.resume(call.outcome!)
        } catch (thrown) {
          this.#report(`the caller of ${call.tag}`, thrown)
        }
      }
    }
  }

  /** Resumes them in a turn of their own, then does the rest: for calls that end inside a loop of somebody else. */
  resumeSoon(then: () => void): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#eventLoop.nextTurn(() => {
      this.#isScheduled = false
      this.resume()
      then()
    })
  }
}
