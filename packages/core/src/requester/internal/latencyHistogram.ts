/**
 * How long an operation takes lately, as a histogram of logarithmic buckets: bounded memory, and percentiles that are at
 * most a bucket (9 %) too high. Old values are forgotten by halves. Pure.
 */

const bucketsPerOctave = 8
const firstMillis = 0.125
/** Up to 0.125 ms × 2^24, which is 35 minutes; what is outside counts in the first or the last bucket. */
const buckets = 24 * bucketsPerOctave

/** So many values count; then every count is halved. */
const memory = 2_048

const bucketOf = (millis: number): number => {
  if (!(millis > firstMillis)) return 0
  return Math.min(buckets - 1, Math.ceil(Math.log2(millis / firstMillis) * bucketsPerOctave))
}

export class LatencyHistogram {
  readonly #counts = new Uint16Array(buckets)
  #size = 0

  /** How many values it remembers, at most 2 048. */
  get size(): number {
    return this.#size
  }

  add(millis: number): void {
    if (this.#size >= memory) this.#halve()
    const bucket = bucketOf(millis)
    this.#counts[bucket] = this.#counts[bucket]! + 1
    this.#size++
  }

  /** The time within which this share of the values lies (0 to 100), milliseconds; undefined when there are none. */
  percentile(percent: number): number | undefined {
    if (this.#size === 0) return undefined
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#size))
    let seen = 0
    let bucket = 0
    for (; bucket < buckets - 1; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank) break
    }
    return firstMillis * 2 ** (bucket / bucketsPerOctave)
  }

  #halve(): void {
    let size = 0
    for (let bucket = 0; bucket < buckets; bucket++) size += this.#counts[bucket] = this.#counts[bucket]! >> 1
    this.#size = size
  }
}
