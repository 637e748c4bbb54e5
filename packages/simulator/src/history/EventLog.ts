/**
 * The events of one history, in the order they happened.
 */
import { epoch } from "../kernel/VirtualClock.ts"
import { type Event, type Happening, lineOf } from "./Event.ts"

export class EventLog {
  readonly events: Array<Event> = []
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(who: string, happening: Happening): void {
    // Copied into one object of its own: oracles walk these by the hundred thousand.
    this.events.push({ at: this.#now() - epoch, who, ...happening } as Event)
  }

  /** Milliseconds since the history began. */
  elapsed(): number {
    return this.#now() - epoch
  }

  lines(): ReadonlyArray<string> {
    return this.events.map(lineOf)
  }
}
