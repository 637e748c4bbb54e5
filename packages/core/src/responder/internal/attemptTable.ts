/**
 * The first outcome of every call that may not run twice: whatever it was, a second record of the same attempt is told it
 * again and never runs anything. Only a higher attempt may run again, unless the outcome was final.
 *
 * Pure bookkeeping, for every call at the rate they come: an entry is a row of numbers in typed arrays, which the garbage
 * collector does not look at, and lives until its call is over for everybody. Answers are kept beside the rows as long as
 * there are bytes for them, the oldest go first; a row without one still says that the attempt is over.
 */
import { hash } from "node:crypto"
import { crc32 } from "node:zlib"
import { sizeOf, type StoredAnswer } from "./storedAnswer.ts"

/** One attempt at one call. */
export interface Attempt {
  readonly correlationId: Uint8Array
  readonly attempt: number
  /** Tells one operation and payload from another: see `checkOf`. */
  readonly check: number
}

/** How it ended. An outcome that is final is that of all attempts, as long as its answer is kept. */
export interface Ended extends Attempt {
  readonly isFinal: boolean
}

export type Known =
  | { readonly _tag: "New" }
  /** It is over. `answer` is undefined when nobody is to be told, or when it was too much to keep. */
  | { readonly _tag: "Over"; readonly answer: StoredAnswer | undefined }
  /** The correlation id was used for another request. */
  | { readonly _tag: "Conflict" }

/** What two records with one correlation id are compared by. */
export const checkOf = (operation: string, value: Uint8Array | null): number => crc32(value ?? "", crc32(operation))

const isNew: Known = { _tag: "New" }
const isConflict: Known = { _tag: "Conflict" }
const isOver: Known = { _tag: "Over", answer: undefined }

// Expiry is looked at by the second, a turn of the wheel takes about a quarter of an hour; what lives longer stays on it.
const wheelSlots = 1_024
const firstRows = 1_024
const none = -1

/** What a row takes: the words below, its share of the heads, the slot for its answer. */
export const rowBytes = 64

const idBytes = 16

const slotOf = (expiresAt: number): number => Math.ceil(expiresAt / 1_000) % wheelSlots

const grown = <A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(larger: A, array: A): A => {
  larger.set(array)
  return larger
}

export class AttemptTable {
  readonly #maxBytes: number
  readonly #seed: number
  // Row by row: the id in four words, its check and attempt, when it expires, the rows after it in its chains.
  #ids = new Uint32Array(firstRows * 4)
  #checks = new Uint32Array(firstRows)
  #attempts = new Uint32Array(firstRows)
  #finals = new Uint8Array(firstRows)
  #expiries = new Float64Array(firstRows)
  #nextInBucket = new Int32Array(firstRows)
  #nextInSlot = new Int32Array(firstRows)
  #beforeInSlot = new Int32Array(firstRows)
  #olderAnswer = new Int32Array(firstRows)
  #newerAnswer = new Int32Array(firstRows)
  readonly #answers: Array<StoredAnswer | undefined> = []
  #buckets = new Int32Array(firstRows).fill(none)
  readonly #wheel = new Int32Array(wheelSlots).fill(none)
  #turned = Number.NaN
  #free = none
  #used = 0
  #size = 0
  #answerBytes = 0
  #oldestAnswer = none
  #newestAnswer = none
  /** Where rows are given up before their time, one after the other. */
  #hand = 0
  readonly #words = new Uint32Array(4)

  /** `seed` is random: whoever chooses correlation ids must not be able to choose where they go. */
  constructor(maxBytes: number, seed: number) {
    this.#maxBytes = maxBytes
    this.#seed = seed
  }

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#size * rowBytes + this.#answerBytes
  }

  /** What is known of an attempt. One below the highest that is over is over with it. `now`: monotonic milliseconds. */
  find({ attempt, check, correlationId }: Attempt, now: number): Known {
    const row = this.#rowOf(correlationId)
    if (row === none || this.#expiries[row]! <= now) return isNew
    if (this.#checks[row] !== check) return isConflict
    const answer = this.#answers[row]
    const isFinal = this.#finals[row] === 1 && answer !== undefined
    if (attempt > this.#attempts[row]! && !isFinal) return isNew
    return answer === undefined ? isOver : { _tag: "Over", answer }
  }

  /**
   * Notes how an attempt ended, unless it or a higher one is known to be over. Returns how many others had to be given up
   * before their time.
   */
  end(ended: Ended, answer: StoredAnswer | undefined, expiresAt: number, now: number): number {
    this.#turn(now)
    if (expiresAt <= now) return 0
    let row = this.#rowOf(ended.correlationId)
    if (row !== none && this.#expiries[row]! > now) {
      const known = this.#attempts[row]!
      if (this.#checks[row] !== ended.check || ended.attempt < known) return 0
      if (ended.attempt === known) {
        // Who was told only that it has begun.
        if (ended.isFinal) this.#finals[row] = 1
        return 0
      }
      this.#setAnswer(row, undefined)
      this.#takeOffWheel(row)
      this.#putOnWheel(row, Math.max(this.#expiries[row]!, expiresAt))
    } else {
      if (row !== none) this.#remove(row)
      row = this.#add()
      this.#putOnWheel(row, expiresAt)
    }
    this.#checks[row] = ended.check
    this.#attempts[row] = ended.attempt
    this.#finals[row] = ended.isFinal ? 1 : 0
    this.#setAnswer(row, answer)
    return this.#evict(row)
  }

  /** The row of an id; its words are left in `#words`. */
  #rowOf(correlationId: Uint8Array): number {
    this.#read(correlationId)
    const words = this.#words
    const ids = this.#ids
    let row = this.#buckets[this.#bucketOf(words, 0)]!
    for (; row !== none; row = this.#nextInBucket[row]!) {
      const at = row * 4
      const isSame = ids[at] === words[0] && ids[at + 1] === words[1] && ids[at + 2] === words[2]
      if (isSame && ids[at + 3] === words[3]) break
    }
    return row
  }

  #read(correlationId: Uint8Array): void {
    // Ids of other programs have any length; half a SHA-256 tells them apart as well.
    const id = correlationId.length === idBytes ? correlationId : hash("sha256", correlationId, "buffer")
    for (let word = 0; word < 4; word++) {
      const at = word * 4
      this.#words[word] = id[at]! | (id[at + 1]! << 8) | (id[at + 2]! << 16) | (id[at + 3]! << 24)
    }
  }

  #bucketOf(words: Uint32Array, at: number): number {
    let mixed = this.#seed
    for (let word = at; word < at + 4; word++) {
      mixed = Math.imul(mixed ^ words[word]!, 0x9e37_79b1)
      mixed ^= mixed >>> 15
    }
    mixed = Math.imul(mixed, 0x85eb_ca6b)
    return ((mixed ^ (mixed >>> 13)) >>> 0) & (this.#buckets.length - 1)
  }

  /** A row for the id in `#words`. */
  #add(): number {
    let row = this.#free
    if (row !== none) this.#free = this.#nextInBucket[row]!
    else {
      if (this.#used === this.#checks.length) this.#grow()
      row = this.#used++
      this.#answers.push(undefined)
    }
    this.#ids.set(this.#words, row * 4)
    this.#hang(row)
    this.#size++
    return row
  }

  #hang(row: number): void {
    const bucket = this.#bucketOf(this.#ids, row * 4)
    this.#nextInBucket[row] = this.#buckets[bucket]!
    this.#buckets[bucket] = row
  }

  #grow(): void {
    const rows = this.#checks.length * 2
    this.#ids = grown(new Uint32Array(rows * 4), this.#ids)
    this.#checks = grown(new Uint32Array(rows), this.#checks)
    this.#attempts = grown(new Uint32Array(rows), this.#attempts)
    this.#finals = grown(new Uint8Array(rows), this.#finals)
    this.#expiries = grown(new Float64Array(rows), this.#expiries)
    this.#nextInBucket = grown(new Int32Array(rows), this.#nextInBucket)
    this.#nextInSlot = grown(new Int32Array(rows), this.#nextInSlot)
    this.#beforeInSlot = grown(new Int32Array(rows), this.#beforeInSlot)
    this.#olderAnswer = grown(new Int32Array(rows), this.#olderAnswer)
    this.#newerAnswer = grown(new Int32Array(rows), this.#newerAnswer)
    this.#buckets = new Int32Array(rows).fill(none)
    // It grows when no row is free: all of them are in use.
    for (let row = 0; row < this.#used; row++) this.#hang(row)
  }

  /** Takes a row out of everything and frees it. */
  #remove(row: number): void {
    const bucket = this.#bucketOf(this.#ids, row * 4)
    let before = none
    for (let at = this.#buckets[bucket]!; at !== row; at = this.#nextInBucket[at]!) before = at
    if (before === none) this.#buckets[bucket] = this.#nextInBucket[row]!
    else this.#nextInBucket[before] = this.#nextInBucket[row]!
    this.#setAnswer(row, undefined)
    this.#takeOffWheel(row)
    this.#expiries[row] = Number.NEGATIVE_INFINITY
    this.#nextInBucket[row] = this.#free
    this.#free = row
    this.#size--
  }

  #putOnWheel(row: number, expiresAt: number): void {
    this.#expiries[row] = expiresAt
    const slot = slotOf(expiresAt)
    const next = this.#wheel[slot]!
    this.#nextInSlot[row] = next
    this.#beforeInSlot[row] = none
    if (next !== none) this.#beforeInSlot[next] = row
    this.#wheel[slot] = row
  }

  #takeOffWheel(row: number): void {
    const [before, next] = [this.#beforeInSlot[row]!, this.#nextInSlot[row]!]
    if (next !== none) this.#beforeInSlot[next] = before
    if (before !== none) this.#nextInSlot[before] = next
    else this.#wheel[slotOf(this.#expiries[row]!)] = next
  }

  /** Frees the rows whose time is over. */
  #turn(now: number): void {
    const second = Math.floor(now / 1_000)
    if (Number.isNaN(this.#turned)) this.#turned = second
    const from = Math.max(this.#turned, second - wheelSlots)
    for (let at = from + 1; at <= second; at++) {
      for (let row = this.#wheel[at % wheelSlots]!; row !== none;) {
        const next = this.#nextInSlot[row]!
        if (this.#expiries[row]! <= now) this.#remove(row)
        row = next
      }
    }
    this.#turned = Math.max(this.#turned, second)
  }

  #setAnswer(row: number, answer: StoredAnswer | undefined): void {
    const earlier = this.#answers[row]
    if (earlier !== undefined) {
      this.#answerBytes -= sizeOf(earlier)
      const [older, newer] = [this.#olderAnswer[row]!, this.#newerAnswer[row]!]
      if (older === none) this.#oldestAnswer = newer
      else this.#newerAnswer[older] = newer
      if (newer === none) this.#newestAnswer = older
      else this.#olderAnswer[newer] = older
    }
    this.#answers[row] = answer
    if (answer === undefined) return
    this.#answerBytes += sizeOf(answer)
    this.#olderAnswer[row] = this.#newestAnswer
    this.#newerAnswer[row] = none
    if (this.#newestAnswer === none) this.#oldestAnswer = row
    else this.#newerAnswer[this.#newestAnswer] = row
    this.#newestAnswer = row
  }

  /** Gives up answers first, then whole rows; the newest row stays in any case. */
  #evict(newest: number): number {
    while (this.bytes > this.#maxBytes && this.#oldestAnswer !== none) this.#setAnswer(this.#oldestAnswer, undefined)
    let evicted = 0
    while (this.bytes > this.#maxBytes && this.#size > 1) {
      const row = this.#hand
      this.#hand = (row + 1) % this.#used
      if (row === newest || this.#expiries[row] === Number.NEGATIVE_INFINITY) continue
      this.#remove(row)
      evicted++
    }
    return evicted
  }
}
