/**
 * The produce requests in flight, and which brokers their age makes suspicious.
 */
import type * as Fiber from "effect/Fiber"
import type { Produced } from "../../kafka/ProducerLink.ts"
import type { Unwritten } from "../../kafka/Verdict.ts"
import type { LeaderWindow, SentBatch } from "./leaderWindow.ts"
import type { PartitionQueue } from "./partitionQueue.ts"

export interface Request {
  readonly window: LeaderWindow
  readonly batches: ReadonlyArray<SentBatch>
  readonly bytes: number
  /** Monotonic milliseconds. */
  readonly sentAt: number
  fiber: Fiber.Fiber<Produced, Unwritten> | undefined
}

export interface Aged {
  /** Requests that have timed out. */
  readonly over: ReadonlyArray<Request>
  /** Whether a leader has been silent so long that another broker is asked about it. */
  readonly isSuspicious: boolean
  /** When to check again, monotonic milliseconds; infinite when nothing is in flight. */
  readonly next: number
}

// After this silence of a leader another broker is asked for the metadata.
export const suspiciousMillis = 1_000

export class Requests {
  readonly #open = new Set<Request>()

  /** The request is on its way. */
  add(request: Request): void {
    const { batches, bytes, window } = request
    window.requests++
    window.bytes += bytes
    for (const { queue } of batches) queue.inFlight++
    this.#open.add(request)
  }

  /** The request has ended; false when it had before. */
  remove(request: Request): boolean {
    if (!this.#open.delete(request)) return false
    request.window.requests--
    request.window.bytes -= request.bytes
    return true
  }

  /** The unanswered batches: all, or those of one partition at one leader. */
  batches(queue?: PartitionQueue, leader?: LeaderWindow): ReadonlyArray<SentBatch> {
    return [...this.#open].flatMap(({ batches, window }) =>
      batches.filter(
        (batch) => !batch.isSettled && (queue === undefined || batch.queue === queue) && (leader ?? window) === window
      )
    )
  }

  /** Requests without an answer for too long. A broker that throttles may be silent for that time. */
  aged(now: number, limitMillis: number): Aged {
    const over: Array<Request> = []
    let isSuspicious = false
    let next = Number.POSITIVE_INFINITY
    for (const request of this.#open) {
      const { sentAt, window } = request
      const since = Math.max(sentAt, window.throttledUntil)
      const suspiciousAt = Math.max(since, window.answeredAt) + suspiciousMillis
      if (since + limitMillis <= now) over.push(request)
      else if (suspiciousAt > now) next = Math.min(next, suspiciousAt)
      else {
        window.suspectedSince ??= now
        isSuspicious = true
        next = Math.min(next, since + limitMillis, now + suspiciousMillis)
      }
    }
    return { over, isSuspicious, next }
  }

  clear(): void {
    this.#open.clear()
  }
}
