/**
 * Where a command line's own words go: help and version that were asked for to standard output, the help that comes with
 * a complaint to standard error, so that help never mixes with results.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as CliOutput from "effect/cli/CliOutput"

const { present } = CliOutput.defaultPresenter

/** For `Command.run`. */
export const layer: Layer.Layer<never> = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.consoleWith((console) =>
          Effect.provideService(
            present(event),
            Console.Console,
            Object.assign(Object.create(console), { log: console.error })
          )
        )
      : present(event)
})
