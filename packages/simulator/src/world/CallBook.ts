/**
 * Which calls of the plan are still to come, which a program has taken on, and which have ended.
 */
import type { PlannedCall } from "../plan/Plan.ts"

export class CallBook {
  /** Calls that no program has taken on. */
  readonly #waiting: Set<PlannedCall>
  /** Calls that a program has taken on and that have not ended, with its host. */
  readonly #open = new Map<string, string>()
  readonly #called = new Set<string>()
  readonly #calls: ReadonlyArray<PlannedCall>

  constructor(calls: ReadonlyArray<PlannedCall>) {
    this.#calls = calls
    this.#waiting = new Set(calls)
  }

  /** Nothing is to come and nothing waits. */
  get isOver(): boolean {
    return this.#waiting.size === 0 && this.#open.size === 0
  }

  /** How many calls a host has taken on. */
  openAt(host: string): number {
    return [...this.#open.values()].filter((where) => where === host).length
  }

  /** The calls of a requester that are still to come; they are the host's from now on. */
  take(requester: number, host: string): ReadonlyArray<PlannedCall> {
    const calls = [...this.#waiting].filter((call) => call.requester === requester)
    for (const call of calls) {
      this.#waiting.delete(call)
      this.open(call.name, host)
    }
    return calls
  }

  open(call: string, host: string): void {
    this.#open.set(call, host)
  }

  called(call: string): void {
    this.#called.add(call)
  }

  ended(call: string): void {
    this.#open.delete(call)
  }

  /** The callers of a program that died died with it; calls that were still to come are its successor's. */
  died(host: string): void {
    for (const [call, where] of this.#open) {
      if (where !== host) continue
      this.#open.delete(call)
      const planned = this.#calls.find(({ name }) => name === call)
      if (planned !== undefined && !this.#called.has(call)) this.#waiting.add(planned)
    }
  }
}
