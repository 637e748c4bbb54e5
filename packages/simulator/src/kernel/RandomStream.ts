/**
 * Repeatable randomness: one stream for each purpose, named, so that what one purpose draws never shifts another one.
 *
 * Shrinking depends on it: a call that is taken out of a plan must not change the latencies of those that stay.
 */

/** Draws numbers; the same seed and name always give the same ones. */
export interface RandomStream {
  /** Between 0 (inclusive) and 1 (exclusive). */
  readonly next: () => number
  /** An integer between `from` and `to`, both inclusive. */
  readonly between: (from: number, to: number) => number
  /** One of the items, which must not be empty. */
  readonly pick: <A>(items: ReadonlyArray<A>) => A
  /** True with this probability. */
  readonly chance: (probability: number) => boolean
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by the number and a hash of the name. */
export const make = (seed: number, name: string): RandomStream => {
  let hash = 0x9e3779b9 ^ seed
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x85ebca6b) ^ (hash >>> 13)
  let a = hash | 0
  let b = seed | 0
  let c = Math.imul(hash, 0xc2b2ae35)
  let d = 1
  const draw = (): number => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  // Mixes the seed into all of the state.
  for (let i = 0; i < 12; i++) draw()
  const next = (): number => draw() / 0x1_0000_0000
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)]!,
    chance: (probability) => next() < probability
  }
}
