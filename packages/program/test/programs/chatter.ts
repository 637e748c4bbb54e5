/**
 * Writes lines to standard output, or with `complain` to standard error, until it is stopped.
 */
import * as Effect from "effect/Effect"
import * as Launch from "../../src/Launch.ts"
import * as Signals from "../../src/Signals.ts"

const output = process.argv.includes("complain") ? process.stderr : process.stdout
const line = Effect.sync(() => void output.write("word\n"))

Launch.run("chatter", Effect.forever(Effect.delay(line, "1 millis")), Signals.listen())
