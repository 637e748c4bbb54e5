/**
 * A set of offsets, kept as runs that are sorted and do not touch, with what a commit's metadata needs to know of it.
 */

/** Offsets `from` to `to - 1`. */
export interface Run {
  from: number
  to: number
}

/** Bytes of a number in LEB128, the form of run lengths. */
export const lengthOf = (value: number): number => {
  let bytes = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes
}

export class DoneSet {
  readonly #runs: Array<Run> = []
  #size = 0
  #runBytes = 0

  /** How many offsets are in it. */
  get size(): number {
    return this.#size
  }

  /** Bytes of the lengths of its runs, each in LEB128. */
  get runBytes(): number {
    return this.#runBytes
  }

  /** How many runs it has. */
  get count(): number {
    return this.#runs.length
  }

  get first(): Readonly<Run> | undefined {
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
    // Most offsets are done in order: they extend the last run or begin a new one.
    const newest = runs.at(-1)
    const first = newest === undefined || newest.to < from ? runs.length : this.#indexOf(from - 1)
    let last = first
    let start = from
    let end = to
    while (last < runs.length && runs[last]!.from <= to) {
      const touched = runs[last]!
      start = Math.min(start, touched.from)
      end = Math.max(end, touched.to)
      this.#forget(touched.from, touched.to)
      last++
    }
    this.#note(start, end)
    if (last === first) {
      if (first === runs.length) runs.push({ from: start, to: end })
      else runs.splice(first, 0, { from: start, to: end })
      return
    }
    runs[first]!.from = start
    runs[first]!.to = end
    if (last > first + 1) runs.splice(first + 1, last - first - 1)
  }

  /** Forgets everything below an offset. */
  dropBelow(offset: number): void {
    const runs = this.#runs
    let keep = 0
    for (; keep < runs.length && runs[keep]!.to <= offset; keep++) this.#forget(runs[keep]!.from, runs[keep]!.to)
    if (keep > 0) runs.splice(0, keep)
    const first = runs[0]
    if (first === undefined || first.from >= offset) return
    this.#forget(first.from, first.to)
    first.from = offset
    this.#note(first.from, first.to)
  }

  /** Forgets an offset and everything above it. */
  dropFrom(offset: number): void {
    const runs = this.#runs
    while (runs.length > 0 && runs.at(-1)!.from >= offset) {
      const { from, to } = runs.pop()!
      this.#forget(from, to)
    }
    const last = runs.at(-1)
    if (last === undefined || last.to <= offset) return
    this.#forget(last.from, last.to)
    last.to = offset
    this.#note(last.from, last.to)
  }

  /** How many of its offsets are below this one. Walks over the runs. */
  sizeBelow(offset: number): number {
    let size = 0
    for (const { from, to } of this.#runs) {
      if (from >= offset) break
      size += Math.min(to, offset) - from
    }
    return size
  }

  runs(): ReadonlyArray<Readonly<Run>> {
    return this.#runs
  }

  #note(from: number, to: number): void {
    this.#size += to - from
    this.#runBytes += lengthOf(to - from)
  }

  #forget(from: number, to: number): void {
    this.#size -= to - from
    this.#runBytes -= lengthOf(to - from)
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
