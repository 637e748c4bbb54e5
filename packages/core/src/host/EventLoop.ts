/**
 * The host's event loop, as far as the core needs it: "run this in the next turn, after the sockets were read".
 *
 * A reference, so that production needs no wiring and a simulator can put seeded turns in its place.
 */
import * as Context from "effect/Context"

export interface EventLoop {
  /** Runs the callback in the next turn of the loop, after pending I/O has been delivered. */
  readonly nextTurn: (callback: () => void) => void
}

/** Node's `setImmediate`, unless replaced. */
export const EventLoop: Context.Reference<EventLoop> = Context.Reference<EventLoop>(
  "@kafka-request-reply/core/host/EventLoop",
  { defaultValue: () => ({ nextTurn: (callback) => void setImmediate(callback) }) }
)
