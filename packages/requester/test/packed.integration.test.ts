import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { installedPrograms } from "./support/archives.ts"
import { makeWorld, run, services, start } from "./support/programs.ts"

layer(services, { excludeTestServices: true })("the packed programs", (it) => {
  it.effect(
    "run in an empty folder, with what they need and nothing of the development broker",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const programs = yield* installedPrograms
        const world = yield* makeWorld(sharedBrokers)
        const requester = (...args: ReadonlyArray<string>) =>
          run("requester", world, { main: programs.requester, args })

        const help = yield* requester("--help")
        assert.strictEqual(help.exitCode, 0, help.stderr)
        assert.match(help.stdout, /requester <subcommand>/)

        const responder = yield* start("responder", world, { main: programs.responder })
        yield* responder.says(/serving .*: [1-9]\d* articles/)
        const call = yield* requester("call", "GetStock", '{"sku":"TEA-0001"}')
        assert.strictEqual(call.exitCode, 0, call.stderr)
        assert.deepInclude(JSON.parse(call.stdout), { sku: "TEA-0001", reserved: 0 })

        const memory = yield* requester("run", "--memory", "--json")
        assert.strictEqual(memory.exitCode, 0, memory.stderr)
        assert.isAbove(JSON.parse(memory.stdout).calls, 2000)

        const siblings = yield* fs.readDirectory(`${programs.folder}/node_modules/@kafka-request-reply`)
        assert.deepStrictEqual(siblings.toSorted(), ["contracts", "core", "program", "requester", "responder"])
      }),
    240_000
  )
})
