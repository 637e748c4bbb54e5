/**
 * What happened in a history: the only thing oracles judge and people read.
 */

/** Which of a call's records one is. */
export type Leg = "request" | "reply" | "cancel" | "other"

/** What a record says about itself. */
export interface Label {
  readonly leg: Leg
  /** The plan's name of the call it belongs to, or `?` when it belongs to none. */
  readonly call: string
  /** The correlation id, hexadecimal; empty when it has none. */
  readonly id: string
  readonly attempt: number
}

export type Happening =
  | { readonly type: "booted" | "ready" | "crashed" | "paused" | "resumed" | "closing" | "closed" }
  | { readonly type: "failed"; readonly detail: string; readonly isStartError: boolean }
  | { readonly type: "called"; readonly call: string; readonly operation: string; readonly timeoutMillis: number }
  | { readonly type: "interrupted"; readonly call: string }
  | {
      readonly type: "ended"
      readonly call: string
      readonly outcome: string
      readonly detail: string
      /** The run whose result arrived, when one did. */
      readonly run: number | undefined
      /** The caller was told that its request was certainly not executed. */
      readonly isNotExecuted: boolean
    }
  | {
      readonly type: "written"
      readonly label: Label
      readonly topic: string
      readonly partition: number
      readonly offset: number
      readonly key: string | undefined
      /** The deadline on the wire, epoch milliseconds; undefined when it has none. */
      readonly deadline: number | undefined
      readonly outcome: string | undefined
      /** The reply partition that a request names. */
      readonly replyPartition: number | undefined
    }
  | { readonly type: "hearing"; readonly partition: number; readonly isHeard: boolean }
  | { readonly type: "acknowledged" | "refused"; readonly label: Label; readonly detail: string }
  | { readonly type: "heard"; readonly label: Label; readonly outcome: string }
  | {
      readonly type: "run"
      readonly run: number
      readonly call: string
      readonly id: string
      readonly operation: string
      readonly key: string | undefined
      readonly partition: number
      readonly offset: number
      readonly attempt: number
    }
  | { readonly type: "ran"; readonly run: number; readonly call: string; readonly exit: string }
  /** The call that a handler made for its request has ended. */
  | { readonly type: "nested"; readonly call: string; readonly behaviour: string; readonly outcome: string }
  /** A batch that nobody can read is in a request partition. */
  | { readonly type: "damaged"; readonly partition: number; readonly first: number; readonly last: number }
  /** The record at an offset of a request partition has a dead letter. */
  | { readonly type: "buried"; readonly partition: number; readonly offset: number }
  /** A responder's `onAnswered` was told of a request. */
  | { readonly type: "told"; readonly partition: number; readonly offset: number; readonly outcome: string }
  | { readonly type: "assigned"; readonly generation: number; readonly partitions: ReadonlyArray<number> }
  | {
      readonly type: "committed"
      readonly generation: number
      readonly partition: number
      readonly offset: number
      readonly metadata: string
    }
  | { readonly type: "commit refused"; readonly detail: string }
  | { readonly type: "fault"; readonly fault: string; readonly detail: string }
  | { readonly type: "logged"; readonly level: string; readonly message: string }
  | { readonly type: "counted"; readonly what: string; readonly count: number }

export type Event = Happening & {
  /** Milliseconds since the history began. */
  readonly at: number
  /** The host it happened at, or `cluster`. */
  readonly who: string
}

const labelText = ({ attempt, call, leg }: Label): string => `${leg} of ${call}${attempt > 1 ? ` #${attempt}` : ""}`

const text = (event: Event): string => {
  switch (event.type) {
    case "called":
      return `calls ${event.call}: ${event.operation} within ${event.timeoutMillis} ms`
    case "interrupted":
      return `interrupts ${event.call}`
    case "ended":
      return `${event.call} ends: ${event.outcome} ${event.detail}`
    case "written":
      return `${labelText(event.label)} written to ${event.topic}-${event.partition}@${event.offset} ${event.outcome ?? ""}`
    case "acknowledged":
      return `${labelText(event.label)} acknowledged`
    case "refused":
      return `${labelText(event.label)} not acknowledged: ${event.detail}`
    case "heard":
      return `hears the ${labelText(event.label)}: ${event.outcome}`
    case "hearing":
      return `hears reply partition ${event.partition} ${event.isHeard ? "again" : "no more"}`
    case "run":
      return `run ${event.run} starts: ${event.operation} ${event.key ?? ""} for ${event.call} (${event.partition}@${event.offset})`
    case "ran":
      return `run ${event.run} ends for ${event.call}: ${event.exit}`
    case "nested":
      return `the call inside ${event.call} ends: ${event.outcome}`
    case "damaged":
      return `${event.partition}@${event.first} to ${event.last} cannot be read`
    case "buried":
      return `a dead letter of ${event.partition}@${event.offset}`
    case "told":
      return `is told of ${event.partition}@${event.offset}: ${event.outcome}`
    case "assigned":
      return `owns [${event.partitions.join(", ")}] in generation ${event.generation}`
    case "committed":
      return `commits ${event.partition}@${event.offset} ${event.metadata}`
    case "commit refused":
      return `commit refused: ${event.detail}`
    case "fault":
      return `FAULT ${event.fault} ${event.detail}`
    case "logged":
      return `${event.level}: ${event.message}`
    case "counted":
      return `${event.what}: ${event.count}`
    case "failed":
      return `failed: ${event.detail}`
    default:
      return event.type
  }
}

/** One line for people: time, place, what. */
export const lineOf = (event: Event): string =>
  `${String(event.at).padStart(7)}  ${event.who.padEnd(12)} ${text(event).trimEnd()}`
