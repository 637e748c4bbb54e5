/**
 * Kafka's storage tool, with ids that look like options.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { formatCommand } from "../../src/internal/brokerProcess.ts"
import { runTool } from "../../src/internal/runTool.ts"
import { serverProperties } from "../../src/internal/serverProperties.ts"
import { findJava } from "../../src/Java.ts"
import { kafkaLibrary } from "../../src/KafkaLibrary.ts"

describe("brokerProcess", () => {
  it.effect(
    "formats with an id that begins with a dash",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const { classPath } = yield* kafkaLibrary()
        const java = yield* findJava
        const folder = yield* fs.makeTempDirectoryScoped({ prefix: "format-" })
        const properties = `${folder}/server.properties`
        const ports = [{ broker: 9092, controller: 9093 }]
        yield* fs.writeFileString(
          properties,
          serverProperties({ id: 0, ports, dataDir: `${folder}/data`, settings: {} })
        )
        const clusterId = `-${"A".repeat(20)}A`
        const setup = { java: java.command, classPath, archive: [], jvmOptions: [] }
        const { exitCode, output } = yield* runTool(...formatCommand(setup, clusterId, properties))
        assert.strictEqual(exitCode, 0, output)
        assert.include(yield* fs.readFileString(`${folder}/data/meta.properties`), `cluster.id=${clusterId}`)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})
