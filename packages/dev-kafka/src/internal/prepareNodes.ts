/**
 * Writes each node's settings and formats its storage, in one folder per node.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { because, BrokerExited, DiskFull, fromSystem, saysDiskIsFull } from "../DevKafkaError.ts"
import { brokerCommand, formatCommand, type JavaSetup } from "./brokerProcess.ts"
import { endOfLog } from "./endOfLog.ts"
import { runTool } from "./runTool.ts"
import { host, type NodePorts, serverProperties } from "./serverProperties.ts"

export interface PreparedNode {
  readonly id: number
  readonly address: string
  readonly folder: string
  readonly logFile: string
  readonly command: readonly [string, ReadonlyArray<string>]
}

export const prepareNodes = (options: {
  readonly setup: JavaSetup
  readonly clusterId: string
  readonly folder: string
  readonly ports: ReadonlyArray<NodePorts>
  readonly settings: Readonly<Record<string, string>>
}) =>
  Effect.forEach(
    options.ports,
    Effect.fnUntraced(function* (ports, id) {
      const fs = yield* FileSystem.FileSystem
      const folder = `${options.folder}/broker-${id}`
      const dataDir = `${folder}/data`
      const properties = `${folder}/server.properties`
      const logFile = `${folder}/broker.log`
      yield* fs
        .makeDirectory(folder, { recursive: true })
        .pipe(
          Effect.andThen(
            fs.writeFileString(
              properties,
              serverProperties({ id, ports: options.ports, dataDir, settings: options.settings })
            )
          ),
          Effect.mapError(fromSystem(folder))
        )
      if (!(yield* fs.exists(`${dataDir}/meta.properties`).pipe(Effect.mapError(fromSystem(dataDir))))) {
        const result = yield* runTool(...formatCommand(options.setup, options.clusterId, properties)).pipe(
          Effect.mapError(fromSystem(folder))
        )
        if (result.exitCode !== 0) {
          return yield* because(
            saysDiskIsFull(result.output)
              ? new DiskFull({ path: folder })
              : new BrokerExited({ broker: id, log: endOfLog(result.output) })
          )
        }
      }
      const node: PreparedNode = {
        id,
        address: `${host}:${ports.broker}`,
        folder,
        logFile,
        command: brokerCommand(options.setup, properties, logFile)
      }
      return node
    }),
    { concurrency: "unbounded" }
  )
