import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"

const program = fileURLToPath(new URL("programs/oneShot.ts", import.meta.url))

interface Ended {
  readonly code: number | null
  readonly output: string
  /** Between the program's last line and its exit. */
  readonly lingeredMillis: number
}

const run = Effect.callback<Ended>((resume) => {
  const child = spawn(process.execPath, ["--conditions=source", program, sharedBrokers.join(",")])
  let output = ""
  let closedAt = 0
  const gather = (chunk: Buffer) => {
    output += chunk.toString()
    if (closedAt === 0 && output.includes("closed")) closedAt = performance.now()
  }
  child.stdout.on("data", gather)
  child.stderr.on("data", gather)
  child.on("close", (code) => resume(Effect.succeed({ code, output, lingeredMillis: performance.now() - closedAt })))
  return Effect.sync(() => child.kill("SIGKILL"))
})

describe("a program that has closed its transport", () => {
  it.live(
    "ends by itself at once, without warnings",
    () =>
      Effect.gen(function* () {
        const { code, lingeredMillis, output } = yield* run.pipe(Effect.timeout("20 seconds"))
        assert.strictEqual(output, "closed\n")
        assert.strictEqual(code, 0)
        assert.isBelow(lingeredMillis, 1_000)
      }),
    30_000
  )
})
