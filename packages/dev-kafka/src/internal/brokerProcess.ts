/**
 * The command lines of Kafka's tools, and one broker as a child process that cannot outlive its parent.
 */
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { log4jFile } from "./devFolder.ts"

export interface JavaSetup {
  readonly java: string
  readonly classPath: string
  /** Options for the archive of classes. */
  readonly archive: ReadonlyArray<string>
  readonly jvmOptions: ReadonlyArray<string>
}

const serialHeap = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", `-Dlog4j2.configurationFile=${log4jFile}`]

/** Formats the storage folder named in the properties file. */
export const formatCommand = (
  setup: JavaSetup,
  clusterId: string,
  properties: string
): readonly [string, Array<string>] => [
  setup.java,
  [
    ...serialHeap,
    ...setup.archive,
    "-XX:TieredStopAtLevel=1",
    "-cp",
    setup.classPath,
    "kafka.tools.StorageTool",
    "format",
    "--ignore-formatted",
    // One argument: one id in 64 begins with a dash, and would be read as an option.
    `--cluster-id=${clusterId}`,
    "--config",
    properties
  ]
]

/** Runs the broker and appends all it prints to the log file. `exec` keeps the process id that of the JVM. */
export const brokerCommand = (setup: JavaSetup, properties: string, log: string): readonly [string, Array<string>] => [
  "/bin/sh",
  [
    "-c",
    'exec "$@" >>"$0" 2>&1',
    log,
    setup.java,
    ...serialHeap,
    ...setup.archive,
    ...setup.jvmOptions,
    "-cp",
    setup.classPath,
    "kafka.Kafka",
    properties
  ]
]

// Reading ends when this process dies for any reason, because that closes the other end of the pipe.
const killAfterParent = 'read _; kill -9 "$1"; [ -z "$2" ] || { rm -rf "$2"; rmdir "$(dirname "$2")"; }'

/**
 * Starts a broker in the scope: closing it kills the broker. Should this process die without closing its scopes, a
 * watchdog kills a watched broker and removes `disposable`, a folder that is of no use after that.
 */
export const spawnBroker = Effect.fnUntraced(function* (options: {
  readonly command: readonly [string, ReadonlyArray<string>]
  readonly watched: boolean
  readonly disposable: string | undefined
}) {
  const broker = yield* ChildProcess.make(...options.command, {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    killSignal: "SIGKILL"
  })
  if (!options.watched) return broker
  yield* ChildProcess.make(
    "/bin/sh",
    ["-c", killAfterParent, "watchdog", String(broker.pid), options.disposable ?? ""],
    { stdin: "pipe", stdout: "ignore", stderr: "ignore" }
  )
  return broker
})
