/**
 * What can happen to one transmission of one record. Named by call, leg and number of the transmission, so that a fault
 * stays what it is when other calls are taken out of the plan.
 */
import type { Label, Leg } from "../history/Event.ts"

/**
 * `lose`: acknowledged and not written · `duplicate`: written twice, the second time later · `delay`: written later ·
 * `slow-ack`: written, acknowledged later · `lost-ack`: written, then the connection breaks · `refuse`: a transient
 * error, the whole request not written · `too-large`: refused for good · `unmentioned`: not written, and the broker says
 * nothing about its partition · `garbled`: a copy that cannot be read is written before it (of replies only).
 */
export type RecordFaultKind =
  | "lose"
  | "duplicate"
  | "delay"
  | "slow-ack"
  | "lost-ack"
  | "refuse"
  | "too-large"
  | "unmentioned"
  | "garbled"

export const recordFaultKinds: ReadonlyArray<RecordFaultKind> = [
  "lose",
  "duplicate",
  "delay",
  "slow-ack",
  "lost-ack",
  "refuse",
  "too-large",
  "unmentioned",
  "garbled"
]

export interface RecordFault {
  readonly kind: RecordFaultKind
  readonly leg: Exclude<Leg, "other">
  readonly call: string
  /** The transmission it happens to: 0 is the first; resends and retries count on. */
  readonly nth: number
  readonly millis: number
}

export class RecordFaults {
  readonly #faults = new Map<string, Map<number, RecordFault>>()
  readonly #sent = new Map<string, number>()

  constructor(faults: ReadonlyArray<RecordFault>) {
    for (const fault of faults) {
      const key = `${fault.leg} ${fault.call}`
      const ofRecord = this.#faults.get(key)
      if (ofRecord === undefined) this.#faults.set(key, new Map([[fault.nth, fault]]))
      else ofRecord.set(fault.nth, fault)
    }
  }

  /** Counts a transmission and returns what happens to it. */
  take({ call, leg }: Label): RecordFault | undefined {
    const key = `${leg} ${call}`
    const planned = this.#faults.get(key)
    if (planned === undefined) return undefined
    const nth = this.#sent.get(key) ?? 0
    this.#sent.set(key, nth + 1)
    return planned.get(nth)
  }
}
