/**
 * What a broker owes on one connection, from which its silence is told.
 *
 * A broker answers the requests of a connection in turn, so only the first that waits says anything, and only from when it
 * was sent or the one before was answered, whichever was later. What a request may be held for (a long poll, a join) and
 * what the broker has asked for as quiet (KIP-219) is no silence.
 */
interface Waiting {
  readonly sentAt: number
  readonly holdMillis: number
}

export class Progress {
  readonly #now: () => number
  readonly #onThrottle: (millis: number) => void
  readonly #waiting = new Map<number, Waiting>()
  #heardAt = 0
  #throttledUntil = 0

  /** `now` gives monotonic milliseconds; `onThrottle` hears how long the broker wants quiet. */
  constructor(now: () => number, onThrottle: (millis: number) => void) {
    this.#now = now
    this.#onThrottle = onThrottle
  }

  sent(correlationId: number, holdMillis: number): void {
    this.#waiting.set(correlationId, { sentAt: this.#now(), holdMillis })
  }

  answered(correlationId: number): void {
    this.#waiting.delete(correlationId)
    this.#heardAt = this.#now()
  }

  /** The socket is gone, and what waited on it. */
  lost(): void {
    this.#waiting.clear()
  }

  throttle(millis: number): void {
    if (millis <= 0) return
    this.#throttledUntil = Math.max(this.#throttledUntil, this.#now() + millis)
    this.#onThrottle(millis)
  }

  /** How long the broker still wants quiet. */
  get throttledMillis(): number {
    return Math.max(0, this.#throttledUntil - this.#now())
  }

  /** For how long the broker has owed an answer; 0 or less when it owes none. */
  get owedMillis(): number {
    for (const { holdMillis, sentAt } of this.#waiting.values()) {
      return this.#now() - Math.max(sentAt, this.#heardAt, this.#throttledUntil) - holdMillis
    }
    return 0
  }
}
