/**
 * The calls in flight and how they end: with the first outcome that takes them out of the table, once. Stops at deciding
 * which outcome that is.
 */
import * as Exit from "effect/Exit"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { ThrownReport } from "../../host/ThrownReport.ts"
import type { RequestError } from "../RequestError.ts"
import type { Call, Reply } from "./call.ts"
import type { CallRecorder } from "./callRecorder.ts"
import { CallTable, type Due } from "./callTable.ts"
import { EndedCalls } from "./endedCalls.ts"
import { FinishedCalls } from "./finishedCalls.ts"

export class OpenCalls {
  readonly #recorder: CallRecorder
  readonly #table = new CallTable()
  readonly #ended = new EndedCalls()
  readonly #finished: FinishedCalls
  #nextNumber = 1

  constructor(recorder: CallRecorder, report: ThrownReport, eventLoop: EventLoop) {
    this.#recorder = recorder
    this.#finished = new FinishedCalls(report, eventLoop)
  }

  get size(): number {
    return this.#table.size
  }

  /** The payload bytes of all of them. */
  get bytes(): number {
    return this.#table.bytes
  }

  /** No call is open, and every caller has been told. */
  get isIdle(): boolean {
    return this.#table.size === 0 && this.#finished.isEmpty
  }

  /** The number of the next call. */
  number(): number {
    return this.#nextNumber++
  }

  /** Whether every call made until now has ended, to be asked later. */
  mark(): () => boolean {
    const next = this.#nextNumber
    return () => {
      const [oldest] = this.#table
      return oldest === undefined || oldest.number >= next
    }
  }

  /** In the order they were made. */
  all(): ReadonlyArray<Call> {
    return [...this.#table]
  }

  add(call: Call): void {
    this.#ended.opened(call.number)
    this.#table.add(call)
    this.#recorder.started(this.#table.size)
  }

  /** The call of this number that waits for a reply, or why there is none. */
  waiting(number: number): Call | "duplicate" | "forged" | "late" {
    const call = this.#table.get(number)
    if (call !== undefined) return call
    const known = this.#ended.find(number, this.#nextNumber)
    return known === "replied" ? "duplicate" : known === "never-called" ? "forged" : "late"
  }

  /** Removes what is past its deadline, to be given to `expire`, and lists what is due to be sent again. */
  takeDue(now: number): Due {
    return this.#table.takeDue(now)
  }

  answer(call: Call, reply: Reply, now: number): void {
    if (this.#table.remove(call)) this.#finish(call, Exit.succeed(reply), reply.envelope.outcome, now)
  }

  /** False when the call has an outcome already. */
  fail(call: Call, error: RequestError, now: number): boolean {
    if (!this.#table.remove(call)) return false
    this.expire(call, error, now)
    return true
  }

  /** Ends a call that was taken out of the table, with what is true of the whole call. */
  expire(call: Call, error: RequestError, now: number): void {
    const { history } = call
    this.#finish(call, Exit.fail(history === undefined ? error : history.toldOf(error)), error.reason._tag, now)
  }

  /** Its caller has gone. False when it has an outcome already. */
  interrupt(call: Call, now: number): boolean {
    if (!this.#table.remove(call)) return false
    this.#settle(call, false, "cancelled", now)
    return true
  }

  failAll(errorOf: (call: Call) => RequestError, now: number): void {
    for (const call of this.#table.takeAll()) this.expire(call, errorOf(call), now)
  }

  /** Tells the callers of all calls that have ended. To be called at the end of a loop of ours. */
  resumeCallers(): void {
    this.#finished.resume()
  }

  /** The same in a turn of its own, then the rest. */
  resumeSoon(then: () => void): void {
    this.#finished.resumeSoon(then)
  }

  #finish(call: Call, exit: Exit.Exit<Reply, RequestError>, outcome: string, now: number): void {
    call.outcome = exit
    this.#settle(call, Exit.isSuccess(exit), outcome, now)
    this.#finished.add(call)
  }

  #settle(call: Call, isAnswered: boolean, outcome: string, now: number): void {
    call.abandon()
    call.history?.ended(call, isAnswered)
    // Another attempt of a hedged call may be answered too, and that is no duplicate.
    this.#ended.ended(call.number, isAnswered && !call.isHedged ? "replied" : "given-up")
    this.#recorder.ended(call.tag, outcome, now - call.template.startedAt, this.#table.size)
  }
}
