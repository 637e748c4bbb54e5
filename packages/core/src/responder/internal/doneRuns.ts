/**
 * A set of offsets kept as runs, and its text form for a commit's metadata.
 *
 * The text is `d1:` and the base64url of LEB128 numbers: from the committed offset on, alternately how many offsets are
 * open and how many are done. Kafka takes 4 096 characters of metadata (`offset.metadata.max.bytes`).
 */

export const maxMetadataLength = 4_096

const prefix = "d1:"
const maxBytes = Math.floor(((maxMetadataLength - prefix.length) * 3) / 4)

/** Offsets `from` to `to - 1`. */
export interface Run {
  from: number
  to: number
}

export class DoneRuns {
  // Sorted, disjoint, never touching each other.
  readonly #runs: Array<Run> = []

  get count(): number {
    return this.#runs.length
  }

  get first(): Run | undefined {
    return this.#runs[0]
  }

  /** The end of the last run, or undefined when there is none. */
  get end(): number | undefined {
    return this.#runs.at(-1)?.to
  }

  has(offset: number): boolean {
    const run = this.#runs[this.#indexOf(offset)]
    return run !== undefined && run.from <= offset
  }

  /** Adds `from` to `to - 1`, merging with what touches it. */
  add(from: number, to: number): void {
    if (from >= to) return
    const runs = this.#runs
    // The first run that ends at or after `from` is the first that can touch.
    const first = this.#indexOf(from - 1)
    let last = first
    let start = from
    let end = to
    while (last < runs.length && runs[last]!.from <= to) {
      start = Math.min(start, runs[last]!.from)
      end = Math.max(end, runs[last]!.to)
      last++
    }
    if (last === first + 1) {
      runs[first]!.from = start
      runs[first]!.to = end
    } else runs.splice(first, last - first, { from: start, to: end })
  }

  /** Forgets everything below an offset. */
  dropBelow(offset: number): void {
    const runs = this.#runs
    let keep = 0
    while (keep < runs.length && runs[keep]!.to <= offset) keep++
    if (keep > 0) runs.splice(0, keep)
    const first = runs[0]
    if (first !== undefined && first.from < offset) first.from = offset
  }

  runs(): ReadonlyArray<Readonly<Run>> {
    return this.#runs
  }

  /** The first run that ends after the offset. */
  #indexOf(offset: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#runs[middle]!.to > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}

const pushNumber = (bytes: Array<number>, value: number): void => {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

/**
 * The runs as text, relative to the committed offset; empty when there are none. Runs that do not fit are left out, the
 * highest first: their requests would be executed again after a rebalance, never lost.
 */
export const encode = (committed: number, runs: ReadonlyArray<Readonly<Run>>): string => {
  if (runs.length === 0) return ""
  const bytes: Array<number> = []
  let position = committed
  for (const { from, to } of runs) {
    const before = bytes.length
    pushNumber(bytes, from - position)
    pushNumber(bytes, to - from)
    if (bytes.length > maxBytes) {
      bytes.length = before
      break
    }
    position = to
  }
  return prefix + Buffer.from(bytes).toString("base64url")
}

/** The runs that a commit's metadata tells, or none when it is not of this form (another program's commit). Total. */
export const decode = (committed: number, metadata: string): ReadonlyArray<Run> => {
  if (!metadata.startsWith(prefix) || metadata.length > maxMetadataLength) return []
  const runs: Array<Run> = []
  let position = committed
  let value = 0
  let scale = 1
  let isOpen = true
  for (const byte of Buffer.from(metadata.slice(prefix.length), "base64url")) {
    value += (byte & 0x7f) * scale
    if (!Number.isSafeInteger(position + value)) return []
    if (byte >= 0x80) {
      scale *= 0x80
      continue
    }
    const end = position + value
    if (!isOpen && value > 0) runs.push({ from: position, to: end })
    position = end
    isOpen = !isOpen
    value = 0
    scale = 1
  }
  return isOpen && scale === 1 ? runs : []
}
