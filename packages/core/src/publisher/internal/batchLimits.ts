/**
 * How large a partition's batch may be, learnt per topic from what brokers refuse (`max.message.bytes`, which a client that
 * may not describe the topic's settings cannot read).
 *
 * A refused size halves the limit, once for all batches that were under way with it. Then, after many full batches, a
 * single one is made larger, to between what fitted and what was refused, until the two are close; the knowledge expires, so
 * that a limit that was raised at the broker is found. Pure.
 */

// Full batches between two attempts to send a larger one: an attempt that fails costs one more request.
const fullBatchesPerAttempt = 32
// Of the limit; a batch is full when the next record did not fit.
const fullShare = 0.75
// Attempts stop when what they can gain is less than this share.
const worthwhile = 1 / 8
const expiryMillis = 10 * 60_000
const maxTopics = 1_000

interface Learnt {
  limit: number
  /** The smallest batch that was refused. */
  refused: number
  /** The size of the next trial batch, used once. */
  attempt: number | undefined
  fullBatches: number
  learntAt: number
}

export class BatchLimits {
  readonly #learnt = new Map<string, Learnt>()

  /** The most bytes the next batch for this topic may have; infinite when no batch was ever refused. */
  nextFor(topic: string): number {
    if (this.#learnt.size === 0) return Number.POSITIVE_INFINITY
    const learnt = this.#learnt.get(topic)
    if (learnt === undefined) return Number.POSITIVE_INFINITY
    const next = learnt.attempt ?? learnt.limit
    learnt.attempt = undefined
    return next
  }

  /** A batch of so many bytes was refused. */
  refused(topic: string, bytes: number, now: number): void {
    const learnt = this.#learnt.get(topic)
    if (learnt === undefined) {
      const limit = Math.floor(bytes / 2)
      this.#learnt.set(topic, { limit, refused: bytes, attempt: undefined, fullBatches: 0, learntAt: now })
      if (this.#learnt.size > maxTopics) this.#learnt.delete(this.#learnt.keys().next().value!)
      return
    }
    // The batch was sent before a smaller one was refused: nothing new is learnt.
    if (bytes >= learnt.refused && bytes > learnt.limit) return
    learnt.refused = Math.min(learnt.refused, bytes)
    learnt.learntAt = now
    // A refused trial does not lower the limit.
    if (bytes <= learnt.limit) learnt.limit = Math.floor(bytes / 2)
  }

  /** A batch of so many bytes was written. */
  written(topic: string, bytes: number, now: number): void {
    if (this.#learnt.size === 0) return
    const learnt = this.#learnt.get(topic)
    if (learnt === undefined || bytes < learnt.limit * fullShare) return
    learnt.limit = Math.max(learnt.limit, bytes)
    const isOutdated = bytes >= learnt.refused || now - learnt.learntAt > expiryMillis
    if (isOutdated) {
      learnt.refused = Number.POSITIVE_INFINITY
      learnt.learntAt = now
    }
    const { limit, refused } = learnt
    if (++learnt.fullBatches < fullBatchesPerAttempt || refused - limit <= limit * worthwhile) return
    learnt.attempt = Math.min(limit * 2, Math.floor((limit + refused) / 2))
    learnt.fullBatches = 0
  }
}
