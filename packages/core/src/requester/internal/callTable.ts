/**
 * The calls in flight, by number. Everything that can end a call goes through the one step "remove from the table":
 * whatever removes it decides its outcome, everything else comes too late.
 *
 * Pure: no clock, no transport, no Effect.
 */
import type { Call } from "./call.ts"

/** What became due at a moment. */
export interface Due {
  /** Removed: past their deadline. */
  readonly expired: ReadonlyArray<Call>
  /** Still pending: another attempt of them is due. */
  readonly again: ReadonlyArray<Call>
  /** When something will be due next, if nothing changes; infinite when nothing is pending. */
  readonly next: number
}

export class CallTable {
  readonly #calls = new Map<number, Call>()
  #bytes = 0

  get size(): number {
    return this.#calls.size
  }

  /** The payload bytes of all pending calls. */
  get bytes(): number {
    return this.#bytes
  }

  /** In the order they were made. */
  [Symbol.iterator](): Iterator<Call> {
    return this.#calls.values()
  }

  add(call: Call): void {
    this.#calls.set(call.number, call)
    this.#bytes += call.payloadBytes
  }

  get(number: number): Call | undefined {
    return this.#calls.get(number)
  }

  /** True for exactly one of all that try to end this call. */
  remove(call: Call): boolean {
    if (!this.#calls.delete(call.number)) return false
    this.#bytes -= call.payloadBytes
    return true
  }

  /** Removes what is past its deadline and lists the calls whose next attempt is due. */
  takeDue(now: number): Due {
    const expired: Array<Call> = []
    const again: Array<Call> = []
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#calls.values()) {
      if (call.deadline <= now) expired.push(call)
      else {
        const at = call.hedgeAt < call.retryAt ? call.hedgeAt : call.retryAt
        if (at <= now) again.push(call)
        else if (at < next) next = at
        if (call.deadline < next) next = call.deadline
      }
    }
    for (const call of expired) this.remove(call)
    return { expired, again, next }
  }

  /** Removes and returns everything. */
  takeAll(): ReadonlyArray<Call> {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#bytes = 0
    return calls
  }
}
