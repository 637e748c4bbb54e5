/**
 * Injected faults that have not happened yet, in the order of their injection.
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import type { OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import { type Fault, type Match, meansRecord } from "../Fault.ts"

/** A fault that was injected. */
export class Planned {
  readonly fault: Fault
  readonly match: Match
  /** How often it still happens. */
  left: number
  hits = 0
  readonly released = Deferred.makeUnsafe<void>()

  constructor(fault: Fault, match: Match, times: number) {
    this.fault = fault
    this.match = match
    this.left = times
  }

  release(): void {
    Deferred.doneUnsafe(this.released, Exit.void)
  }
}

export class FaultPlan {
  #planned: Array<Planned> = []

  add(planned: Planned): void {
    this.#planned.push(planned)
  }

  remove(planned: Planned): void {
    this.#planned = this.#planned.filter((other) => other !== planned)
  }

  /** The fault that happens to these records of one partition, if any: of those that match the first injected. */
  take(records: ReadonlyArray<OutgoingRecord>): Planned | undefined {
    const found = this.#planned.find(({ match }) => records.some((record) => meansRecord(match, record)))
    if (found === undefined) return undefined
    found.hits++
    if (--found.left <= 0) this.remove(found)
    return found
  }
}
