/**
 * Where a law runs: over virtual time or the real one. Laws move time by `advance` and wait for what happens by `until`,
 * so that they read the same in both.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { Transport } from "../../../src/kafka/Transport.ts"

export class Harness extends Context.Service<
  Harness,
  {
    /** Lets this much time pass, and everything happen that is due until then. */
    readonly advance: (duration: Duration.Input) => Effect.Effect<void>
    /** How late something may be: 50 ms by the promise, and what a busy machine's event loop adds. */
    readonly slackMillis: number
    /** Waits until it is so, without letting virtual time pass; dies after a while. */
    readonly until: (what: string, isSo: () => boolean) => Effect.Effect<void>
  }
>()("test/Harness") {}

const turn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

// A call takes about a dozen turns from the caller to the handler and back.
const settle = turn.pipe(Effect.repeat({ times: 60 }), Effect.asVoid)

const gaveUp = (what: string) => Effect.die(new Error(`waited in vain until ${what}`))

/** Virtual time: nothing passes but by `advance`. */
export const layerVirtual: Layer.Layer<Harness> = Layer.succeed(Harness, {
  slackMillis: 50,
  advance: (duration) => settle.pipe(Effect.andThen(TestClock.adjust(duration)), Effect.andThen(settle)),
  until: (what, isSo) =>
    Effect.gen(function* () {
      for (let turns = 0; turns < 5_000; turns++) {
        if (isSo()) return
        yield* turn
      }
      return yield* gaveUp(what)
    })
})

const patience = Duration.seconds(20)
const pollEvery = Schedule.spaced("10 millis")

/** The real clock, for brokers that do not know virtual time. */
export const layerReal: Layer.Layer<Harness> = Layer.succeed(Harness, {
  slackMillis: 1_000,
  advance: (duration) => Effect.sleep(duration),
  until: (what, isSo) =>
    Effect.sync(isSo).pipe(
      Effect.repeat({ until: (yes) => yes, schedule: pollEvery }),
      Effect.timeoutOrElse({ duration: patience, orElse: () => gaveUp(what) }),
      Effect.asVoid
    )
})

/** Lets time pass. */
export const advance = (duration: Duration.Input): Effect.Effect<void, never, Harness> =>
  Effect.flatMap(Harness, (harness) => harness.advance(duration))

/** Waits until it is so; dies when it does not become so. */
export const until = (what: string, isSo: () => boolean): Effect.Effect<void, never, Harness> =>
  Effect.flatMap(Harness, (harness) => harness.until(what, isSo))

export type Environment = Transport | Harness | Scope.Scope

/** States a law: its name, and what must go well. */
export type Law = (name: string, body: Effect.Effect<void, unknown, Environment>) => void
