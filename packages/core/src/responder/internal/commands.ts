/**
 * What the machine wants done outside of it, in order: one list, used again for every turn, so that the common path
 * allocates nothing for it.
 */
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { RecordHeaders } from "../../wire/RecordHeaders.ts"
import type { Losses } from "./offsetLedger.ts"
import type { Answer } from "./answer.ts"
import type { Addressee, Request, Run, TakenRecord } from "./state.ts"

export type Command =
  /** Start a fiber for the run. */
  | "start"
  /** Interrupt the fiber of a run. */
  | "interrupt"
  /** Write an answer. */
  | "reply"
  /** Copy a record to the dead letter topic. */
  | "deadLetter"
  /** Tell of a request that ended. */
  | "ended"
  /** Tell of a record that was not executed. */
  | "refused"
  /** Tell what became of a log. */
  | "lost"
  /** Fetch a partition again. */
  | "resume"
  /** Tell of a run that cannot be stopped. */
  | "overdue"
  /** A repeated request was recognised. */
  | "repeated"
  /** A reply is written no more: nobody can be listening. */
  | "abandoned"

/** What `ended` tells. */
export interface Outcome {
  readonly request: Request
  readonly outcome: string
  readonly millis: number
}

/** What `refused` tells. */
export interface Refused {
  readonly kind: string
  readonly reason: string
  readonly outcome: string | undefined
  readonly operation: string | undefined
  readonly attempt: number | undefined
  /** How many records these are, as far as it is known. */
  readonly count: number
}

/** What `reply` is given beside the record it answers. */
export interface Reply {
  readonly addressee: Addressee
  readonly answer: Answer
  readonly headers: RecordHeaders
}

export interface Carrier {
  readonly start: (run: Run) => void
  readonly interrupt: (run: Run) => void
  readonly reply: (taken: TakenRecord, reply: Reply) => void
  readonly deadLetter: (taken: TakenRecord, reason: string) => void
  readonly ended: (request: Request, outcome: string, millis: number) => void
  readonly refused: (record: ConsumedRecord, refused: Refused) => void
  readonly lost: (record: ConsumedRecord, losses: Losses) => void
  readonly resume: (partition: number) => void
  readonly overdue: (run: Run) => void
  readonly repeated: (kind: "replayed" | "joined" | "conflict" | "repeated") => void
  readonly abandoned: (taken: TakenRecord) => void
}

export class Commands {
  #what: Array<Command> = []
  #first: Array<unknown> = []
  #second: Array<unknown> = []
  #third: Array<unknown> = []
  #length = 0
  #next = 0

  get isEmpty(): boolean {
    return this.#next === this.#length
  }

  /** Appends a command with what the carrier's method of that name is given. */
  add<K extends Command>(what: K, ...given: Parameters<Carrier[K]>): void
  add(what: Command, first: unknown, second?: unknown, third?: unknown): void {
    const at = this.#length++
    this.#what[at] = what
    this.#first[at] = first
    this.#second[at] = second
    this.#third[at] = third
  }

  /** Carries out the oldest command. */
  carryOut(carrier: Carrier): void {
    const at = this.#next++
    const [first, second, third] = [this.#first[at], this.#second[at], this.#third[at]]
    this.#first[at] = this.#second[at] = this.#third[at] = undefined
    if (this.#next === this.#length) this.#next = this.#length = 0
    const carry = carrier[this.#what[at]!] as (first: unknown, second: unknown, third: unknown) => void
    carry(first, second, third)
  }

  /** What is still to be done, for tests. */
  pending(): ReadonlyArray<readonly [Command, unknown]> {
    return this.#what.slice(this.#next, this.#length).map((what, index) => [what, this.#first[this.#next + index]])
  }
}
