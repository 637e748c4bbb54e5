/**
 * What the loop of a responder needs from outside: who runs effects, who writes, who is told.
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { ExecutionDependencies } from "./execute.ts"
import type { Listener } from "./listener.ts"
import type { Settings } from "./machine.ts"
import type { Replies } from "./reply.ts"
import type { Fates } from "./replyPublication.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { TakenRecord } from "./state.ts"

export interface LoopDependencies {
  readonly settings: Settings
  readonly clock: Clock.Clock
  readonly eventLoop: EventLoop
  readonly recorder: ServeRecorder
  readonly listener: Listener
  readonly execution: Omit<ExecutionDependencies, "claim" | "onStarted">
  /** Runs an effect beside everything else. */
  readonly fork: (effect: Effect.Effect<void>) => void
  /** Makes what writes replies; their fates come back as events. */
  readonly replies: (fates: Fates, onGivenUp: (taken: TakenRecord) => void) => Replies
  /** Something new can be committed. */
  readonly onProgress: () => void
  /** There is room again for records of this partition. */
  readonly onCapacity: (partition: number) => void
  /** Until when this instance is certain to own its partitions, monotonic milliseconds. */
  readonly leaseUntil: () => number
  /** Something is due then. */
  readonly onDue: (at: number) => void
  /** The bookkeeping is broken: nothing more is decided here. */
  readonly onBroken: (cause: unknown) => void
}
