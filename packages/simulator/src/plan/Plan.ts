/**
 * Everything that will be done in a history: who is there, who calls what when, and what goes wrong. Plain data, so that
 * it can be printed, kept as a regression test, and made smaller.
 */
import type { RecordFault } from "../cluster/RecordFault.ts"

export type OperationTag = "Read" | "Put" | "Take" | "Own" | "Mark" | "Do" | "Relay"

/** Whether operations of this name have a primary key. */
export const hasPrimaryKey = (operation: string): boolean =>
  operation === "Put" || operation === "Take" || operation === "Own"

/**
 * What the handler does after its time: `ok` succeeds · `refuse` fails with an error that is not final · `final` fails
 * with one that is · `die` · `quit` interrupts itself · `huge` returns more than a reply may have · `stubborn` succeeds and cannot be interrupted ·
 * `hang` never ends · `stuck` never ends and cannot be interrupted · `circle` makes a call that could only wait for its own
 * run (of `Relay` only).
 */
export type Behaviour = "ok" | "refuse" | "final" | "die" | "quit" | "huge" | "stubborn" | "hang" | "stuck" | "circle"

export interface PlannedCall {
  readonly name: string
  readonly requester: number
  /** Milliseconds since the history began. */
  readonly at: number
  readonly operation: OperationTag
  /** The primary key of `Put`, `Take` and `Own`; the routing key of the others, if they have one. */
  readonly key: string | undefined
  /** Routed by a key of its own instead: calls with one primary key meet in several lanes and partitions. */
  readonly isScattered: boolean
  /** Part of the payload: two calls with one key and different values conflict. */
  readonly value: number
  readonly timeoutMillis: number
  /** How long the handler takes. */
  readonly millis: number
  readonly behaviour: Behaviour
  /** The caller gives up so long after calling. */
  readonly interruptAfter: number | undefined
  /** Asks only to be told that the handler has started. */
  readonly isDiscard: boolean
  /** Does not wait for Kafka to become reachable. */
  readonly isImpatient: boolean
  /** Has a callback that throws when it is told how the call ended. */
  readonly isThrowing: boolean
  /** Makes the payload larger than the requester allows. */
  readonly isOversize: boolean
}

export type Role = "requester" | "responder"

/** What goes wrong with a program or the cluster, at a moment. */
export type WorldFault =
  | {
      readonly kind: "crash" | "drain"
      readonly role: Role
      readonly index: number
      readonly at: number
      readonly millis: number
    }
  | {
      readonly kind: "pause"
      readonly role: Role
      readonly index: number
      readonly at: number
      readonly millis: number
    }
  | { readonly kind: "freeze" | "cut"; readonly leader: number; readonly at: number; readonly millis: number }
  | { readonly kind: "move"; readonly topic: "requests" | "replies"; readonly partition: number; readonly at: number }
  | { readonly kind: "rebalance"; readonly at: number }
  | { readonly kind: "refuse-commits"; readonly at: number; readonly count: number }
  | { readonly kind: "junk"; readonly at: number; readonly variant: number; readonly partition: number }
  /** A batch of so many offsets that nobody can read is written to a request partition. */
  | { readonly kind: "damage"; readonly at: number; readonly partition: number; readonly count: number }
  /** A request partition loses its newest records; `isBlind`: readers learn of it by an offset out of range only. */
  | {
      readonly kind: "cut-off"
      readonly at: number
      readonly partition: number
      readonly count: number
      readonly isBlind: boolean
    }
  /** The request topic is deleted and made anew. */
  | { readonly kind: "remake"; readonly at: number }
  | { readonly kind: "lose-replies"; readonly at: number; readonly millis: number; readonly partitions: number }

export interface Settings {
  readonly requesters: number
  readonly responders: number
  readonly partitions: number
  readonly replyPartitions: number
  /** The reply topic is compacted, so that every record of it needs a key. */
  readonly isCompacted: boolean
  readonly leaders: number
  /** The probability that a fiber must give way at an operation. */
  readonly preemption: number
  readonly concurrency: number
  readonly maxWaiting: number
  readonly maxWaitingPerKey: number
  readonly maxInFlight: number
  /** The longest a request may wait for its turn; undefined when until its deadline. */
  readonly maxWaitMillis: number | undefined
  /** The longest budget that responders grant. */
  readonly maxTimeoutMillis: number
  readonly dedupeEntries: number
  /** Bytes of what is remembered of answered requests; the engine's default when undefined. */
  readonly dedupeBytes?: number
  /** Bytes of what may be open; the engine's default when undefined. */
  readonly maxOpenBytes?: number
  /** Responders keep dead letters, and tell of every request that ended. */
  readonly isWatched?: boolean
  readonly sessionTimeoutMillis: number
  readonly heartbeatMillis: number
  readonly clockSkewMillis: number
  readonly quiesceMillis: number
  readonly drainMillis: number
  /** Added to the wall clocks of responders, by index. */
  readonly skews: ReadonlyArray<number>
}

export interface Plan {
  readonly seed: number
  readonly settings: Settings
  readonly calls: ReadonlyArray<PlannedCall>
  readonly recordFaults: ReadonlyArray<RecordFault>
  readonly worldFaults: ReadonlyArray<WorldFault>
}
