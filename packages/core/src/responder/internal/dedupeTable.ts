/**
 * The answers of finished runs that repeated requests are given again.
 *
 * Pure bookkeeping. Bounded by count, bytes and age, those with an idempotency key apart from those of single calls, so
 * that neither takes the room of the other. What is answered but not committed yet is pinned and never evicted (the done-set
 * bounds it). The oldest go first.
 */
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import { AgeOrder, type Aging } from "./ageOrder.ts"
import { ownBytes, ownHeaders, sizeOfHeaders } from "./memory.ts"

/** A finished run's answer, as it is sent again. */
export interface StoredReply {
  readonly outcome: "success" | "failure"
  readonly body: Uint8Array
  /** What the handler added. */
  readonly headers: RecordHeaders
}

// Two strings, an object and a map slot beside the body.
const overhead = 256

export class KeptAnswer implements Aging<KeptAnswer> {
  readonly id: string
  /** Of the payload that it answers. */
  readonly #fingerprint: string
  readonly reply: StoredReply
  readonly bytes: number
  /** When it is forgotten, monotonic milliseconds. */
  readonly until: number
  /** Requests answered from it whose offsets are not done. */
  pins = 1
  older: KeptAnswer | undefined
  newer: KeptAnswer | undefined

  constructor(id: string, fingerprint: string, { body, headers, outcome }: StoredReply, until: number) {
    this.id = id
    this.#fingerprint = fingerprint
    this.reply = { outcome, body: ownBytes(body), headers: headers.length === 0 ? headers : ownHeaders(headers) }
    this.bytes = overhead + id.length + fingerprint.length + body.byteLength + sizeOfHeaders(headers)
    this.until = until
  }

  /** Whether it answers a request with this payload. */
  isFor(fingerprint: string): boolean {
    return this.#fingerprint === fingerprint
  }
}

export interface Limits {
  readonly entries: number
  readonly bytes: number
}

export class DedupeTable {
  readonly #limits: Limits
  readonly #answers = new Map<string, KeptAnswer>()
  readonly #byAge = new AgeOrder<KeptAnswer>()
  #bytes = 0
  #evicted = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#answers.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** How many had to go before their age since this was asked last. */
  takeEvicted(): number {
    const evicted = this.#evicted
    this.#evicted = 0
    return evicted
  }

  /** The answer that is kept for this id, if one is. */
  get(id: string, now: number): KeptAnswer | undefined {
    const kept = this.#answers.get(id)
    if (kept === undefined || kept.pins > 0 || kept.until > now) return kept
    this.#drop(kept)
    return undefined
  }

  /** Keeps an answer, pinned once for the request that made it. */
  keep(id: string, fingerprint: string, reply: StoredReply, now: number, ageMillis: number): KeptAnswer {
    const known = this.#answers.get(id)
    if (known !== undefined) this.#drop(known)
    const kept = new KeptAnswer(id, fingerprint, reply, now + ageMillis)
    this.#answers.set(id, kept)
    this.#byAge.add(kept)
    this.#bytes += kept.bytes
    this.#evict(now)
    return kept
  }

  #drop(kept: KeptAnswer): void {
    if (this.#answers.get(kept.id) !== kept) return
    this.#answers.delete(kept.id)
    this.#byAge.remove(kept)
    this.#bytes -= kept.bytes
  }

  #evict(now: number): void {
    // Pinned ones are few and young, so the walk ends soon.
    for (let kept = this.#byAge.oldest; kept !== undefined;) {
      const { newer } = kept
      const isOld = kept.until <= now
      const isOver = this.#answers.size > this.#limits.entries || this.#bytes > this.#limits.bytes
      if (!isOld && !isOver) return
      if (kept.pins === 0) {
        this.#drop(kept)
        if (!isOld) this.#evicted++
      }
      kept = newer
    }
  }
}
