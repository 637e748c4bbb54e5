/**
 * What is known of calls by their correlation id: the attempts that are open, and those that are over until nobody can
 * send them again. The first record of an attempt decides about it; another one is recognised here.
 *
 * Pure. Those that are over are bounded by count and bytes, and the oldest go first. An attempt that is answered is over when
 * its record is closed: until then its reply may be on its way, and another record of it must not run.
 */
import { AgeOrder, type Aging } from "./ageOrder.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import type { Answer } from "./answer.ts"
import { sizeOfHeaders } from "./memory.ts"
import type { Request } from "./state.ts"

const none: RecordHeaders = []
const nobody: ReadonlyArray<Request> = []

// The entry, its texts and its slot in the map.
const overhead = 256

// What a requester is told again if it asks twice; larger answers are not kept for that.
const maxAnswerBytes = 1_024

/** One attempt of a call. */
export class CallEntry implements Aging<CallEntry> {
  readonly id: string
  readonly attempt: number
  readonly operation: string
  /** Of the payload; undefined for operations that may run any number of times, which are not remembered. */
  readonly fingerprint: string | undefined
  /** When it can be forgotten. */
  readonly until: number
  /** What it was answered, and where: another record of it is told the same there. Undefined when it was told nothing. */
  answer: Answer | undefined
  headers: RecordHeaders = none
  readonly replyTo: ReplyAddress
  /** Its first record, while that has no outcome. */
  request: Request | undefined
  /** Further records of it that share what becomes of the first. */
  followers: AgeOrder<Request> | undefined
  /** Another attempt of the same call. */
  other: CallEntry | undefined
  older: CallEntry | undefined
  newer: CallEntry | undefined

  constructor(request: Request, fingerprint: string | undefined) {
    this.id = request.id
    this.attempt = request.attempt
    this.operation = request.envelope.operation
    this.fingerprint = fingerprint
    this.until = request.knownUntil
    this.replyTo = request.replyTo
    this.request = request
  }

  /** Takes those who share what becomes of it. */
  takeFollowers(): ReadonlyArray<Request> {
    const { followers } = this
    if (followers === undefined) return nobody
    this.followers = undefined
    const found: Array<Request> = []
    for (let follower = followers.oldest; follower !== undefined; follower = followers.oldest) {
      followers.remove(follower)
      found.push(follower)
    }
    return found
  }
}

export interface Limits {
  readonly entries: number
  readonly bytes: number
}

const sizeOf = ({ answer, fingerprint, headers, id }: CallEntry): number =>
  overhead + id.length + fingerprint!.length + (answer?.body.byteLength ?? 0) + sizeOfHeaders(headers)

export class Calls {
  readonly #calls = new Map<string, CallEntry>()
  readonly #over = new AgeOrder<CallEntry>()
  readonly #limits: Limits
  #overCount = 0
  #bytes = 0

  /** Remembers at most so many attempts that are over. */
  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Bytes of what is remembered of attempts that are over. */
  get bytes(): number {
    return this.#bytes
  }

  /** How many attempts are remembered that are over. */
  get over(): number {
    return this.#overCount
  }

  /** The newest attempt of a call that is known; the others hang on it. */
  get(id: string): CallEntry | undefined {
    return this.#calls.get(id)
  }

  attempt(id: string, attempt: number): CallEntry | undefined {
    let entry = this.#calls.get(id)
    while (entry !== undefined && entry.attempt !== attempt) entry = entry.other
    return entry
  }

  add(request: Request, fingerprint: string | undefined): CallEntry {
    const entry = new CallEntry(request, fingerprint)
    entry.other = this.#calls.get(entry.id)
    this.#calls.set(entry.id, entry)
    request.call = entry
    return entry
  }

  /** The attempt has its outcome. False when it need not be remembered; else it is until `over`, whatever the limits. */
  settled(entry: CallEntry, answer: Answer | undefined, headers: RecordHeaders): boolean {
    entry.request = undefined
    if (entry.fingerprint === undefined) {
      this.#forget(entry)
      return false
    }
    if (answer !== undefined && answer.body.byteLength + sizeOfHeaders(headers) <= maxAnswerBytes) {
      entry.answer = answer
      entry.headers = headers
    }
    return true
  }

  /** Its record is closed: within the limits it is remembered as long as another record of it may come. */
  closed(entry: CallEntry): void {
    this.#over.add(entry)
    this.#overCount++
    this.#bytes += sizeOf(entry)
    while (this.#overCount > this.#limits.entries || this.#bytes > this.#limits.bytes) this.#drop(this.#over.oldest!)
  }

  /** The attempt is somebody else's to decide: nothing is known of it here. */
  left(entry: CallEntry): void {
    entry.request = undefined
    this.#forget(entry)
  }

  /** Forgets those nobody can send any more. */
  forgetUntil(now: number): void {
    for (let entry = this.#over.oldest; entry !== undefined && entry.until <= now; entry = this.#over.oldest) {
      this.#drop(entry)
    }
  }

  #forget(entry: CallEntry): void {
    const first = this.#calls.get(entry.id)
    if (first === entry) {
      if (entry.other === undefined) this.#calls.delete(entry.id)
      else this.#calls.set(entry.id, entry.other)
      return
    }
    for (let other = first; other !== undefined; other = other.other) {
      if (other.other === entry) other.other = entry.other
    }
  }

  #drop(entry: CallEntry): void {
    this.#over.remove(entry)
    this.#overCount--
    this.#bytes -= sizeOf(entry)
    this.#forget(entry)
  }
}
