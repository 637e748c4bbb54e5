/**
 * The calls in flight, by number. Everything that can end a call goes through the one step "remove from the table":
 * whoever removes it decides its outcome, everybody else comes too late.
 *
 * Pure: no clock, no transport, no Effect.
 */
import type { PendingCall } from "./pendingCall.ts"

/** What became due at a moment. */
export interface Due {
  /** Removed: past their deadline. */
  readonly expired: ReadonlyArray<PendingCall>
  /** Still pending: their next attempt is due. */
  readonly retry: ReadonlyArray<PendingCall>
  /** When something will be due next, if nothing changes; infinite when nothing is pending. */
  readonly next: number
}

export class PendingTable {
  readonly #calls = new Map<number, PendingCall>()
  #bytes = 0

  get size(): number {
    return this.#calls.size
  }

  /** The payload bytes of all pending calls. */
  get bytes(): number {
    return this.#bytes
  }

  add(call: PendingCall): void {
    this.#calls.set(call.number, call)
    this.#bytes += call.byteSize
  }

  get(number: number): PendingCall | undefined {
    return this.#calls.get(number)
  }

  /** True for exactly one of all who try to end this call. */
  remove(call: PendingCall): boolean {
    if (!this.#calls.delete(call.number)) return false
    this.#bytes -= call.byteSize
    return true
  }

  /** Removes what is past its deadline and lists whose next attempt is due. */
  takeDue(now: number): Due {
    const expired: Array<PendingCall> = []
    const retry: Array<PendingCall> = []
    let next = Number.POSITIVE_INFINITY
    for (const call of this.#calls.values()) {
      if (call.deadline <= now) expired.push(call)
      else {
        if (call.retryAt <= now) retry.push(call)
        else if (call.retryAt < next) next = call.retryAt
        if (call.deadline < next) next = call.deadline
      }
    }
    for (const call of expired) this.remove(call)
    return { expired, retry, next }
  }

  /** Removes and returns everything. */
  takeAll(): ReadonlyArray<PendingCall> {
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    this.#bytes = 0
    return calls
  }
}
