/**
 * The partitions and leaders that are in a back-off.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import type { BackoffLimits } from "./backoff.ts"
import { LeaderWindow } from "./leaderWindow.ts"
import type { PartitionQueue } from "./partitionQueue.ts"

export class Resting {
  readonly #limits: BackoffLimits
  readonly #jitter: () => number
  readonly #partitions = new Set<PartitionQueue>()
  readonly #leaders = new Set<LeaderWindow>()

  /** `jitter` is a factor around 1, another one each time. */
  constructor(limits: BackoffLimits, jitter: () => number) {
    this.#limits = limits
    this.#jitter = jitter
  }

  /** Begins the back-off of a partition, or of a leader with all of its partitions. */
  add(of: PartitionQueue | LeaderWindow, error: TransportError, now: number): void {
    of.backoff.failed(error, now, this.#limits, this.#jitter())
    if (of instanceof LeaderWindow) this.#leaders.add(of)
    else {
      this.#partitions.add(of)
      of.window?.unlist(of)
    }
  }

  /** Ends the back-off of a partition: the error is gone. */
  end(queue: PartitionQueue): void {
    queue.backoff.rested()
    this.#partitions.delete(queue)
  }

  /** Ends the back-offs that are over, and returns their owners. */
  takeOver(now: number): {
    readonly partitions: ReadonlyArray<PartitionQueue>
    readonly leaders: ReadonlyArray<LeaderWindow>
  } {
    const partitions = [...this.#partitions].filter(({ backoff }) => backoff.until <= now)
    const leaders = [...this.#leaders].filter(({ backoff }) => backoff.until <= now)
    for (const queue of partitions) this.end(queue)
    for (const window of leaders) {
      window.backoff.rested()
      this.#leaders.delete(window)
    }
    return { partitions, leaders }
  }

  /** When the next back-off is over, monotonic milliseconds; infinite when there is none. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { backoff } of this.#partitions) next = Math.min(next, backoff.until)
    for (const { backoff } of this.#leaders) next = Math.min(next, backoff.until)
    return next
  }
}
