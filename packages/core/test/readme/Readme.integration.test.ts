/**
 * The README's examples are compiled under the project's strict options and run against a real broker, as they stand there:
 * each goes on from those before it.
 */
import { fileURLToPath } from "node:url"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, it } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"

const here = fileURLToPath(new URL(".", import.meta.url))
const root = fileURLToPath(new URL("../../../..", import.meta.url))

const output = Effect.fnUntraced(function* (command: string, args: ReadonlyArray<string>) {
  const child = yield* ChildProcess.make(command, args, { cwd: here })
  const text = yield* child.all.pipe(Stream.decodeText(), Stream.mkString)
  return { text, exitCode: yield* child.exitCode }
})

it.live(
  "the README's examples compile, run and answer",
  () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const readme = yield* fs.readFileString(`${root}/README.md`)
      const blocks = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!)
      assert.lengthOf(blocks, 2)
      for (const block of blocks) assert.include(block, `["localhost:9092"]`)

      // Inside the package, so that its own name and its dependencies resolve.
      const folder = yield* fs.makeTempDirectoryScoped({ directory: here, prefix: "example-" })
      const example = blocks.join("\n").replaceAll(`["localhost:9092"]`, JSON.stringify(sharedBrokers))
      yield* fs.writeFileString(`${folder}/example.ts`, example)
      const options = { noEmit: true, composite: false, allowImportingTsExtensions: true, noUnusedLocals: false }
      yield* fs.writeFileString(
        `${folder}/tsconfig.json`,
        JSON.stringify({ extends: `${root}/tsconfig.base.json`, compilerOptions: options, include: ["example.ts"] })
      )

      const compiled = yield* output(`${root}/node_modules/.bin/tsc`, ["-p", folder])
      assert.deepStrictEqual(compiled, { text: "", exitCode: compiled.exitCode })
      assert.strictEqual(compiled.exitCode, 0)
      const run = yield* output(process.execPath, ["--conditions=source", `${folder}/example.ts`])
      assert.deepStrictEqual(run, { text: "Hello, Ada\nHello, Bob\n", exitCode: run.exitCode })
      assert.strictEqual(run.exitCode, 0)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
  60_000
)
