/**
 * An event loop whose turns are taken by hand.
 */
import * as Effect from "effect/Effect"
import { EventLoop } from "../../src/host/EventLoop.ts"

export interface ScriptedEventLoop {
  /** Callbacks that wait for the next turn. */
  readonly waiting: () => number
  /** Runs what waits, and lets the fibers run that it wakes. */
  readonly turn: Effect.Effect<void>
  readonly provide: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const make = (): ScriptedEventLoop => {
  let callbacks: Array<() => void> = []
  return {
    waiting: () => callbacks.length,
    turn: Effect.andThen(
      Effect.sync(() => {
        const due = callbacks
        callbacks = []
        for (const callback of due) callback()
      }),
      Effect.yieldNow
    ),
    provide: Effect.provideService(EventLoop, { nextTurn: (callback) => void callbacks.push(callback) })
  }
}
