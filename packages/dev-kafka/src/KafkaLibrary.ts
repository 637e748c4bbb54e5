/**
 * Kafka's jars: copied once by Maven from Maven Central into `.kafka/lib-<version>`, then used from there.
 *
 * Outline: a stamp inside the folder says which pom it was made from. Without a matching stamp, take the lock, look again
 * (another process may have been quicker), let Maven copy into a folder beside it, stamp that, and rename it.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import {
  because,
  type DevKafkaError,
  DiskFull,
  fromSystem,
  MavenFailed,
  MavenMissing,
  saysDiskIsFull
} from "./DevKafkaError.ts"
import { pomFile } from "./internal/devFolder.ts"
import { processLock } from "./internal/processLock.ts"
import { devSettings } from "./DevSettings.ts"
import { type Say, silent } from "./internal/say.ts"
import { isMissing, runTool } from "./internal/runTool.ts"

export interface KafkaLibrary {
  /** Kafka's version, as in `4.4.0`. */
  readonly version: string
  /** Where the jars lie. */
  readonly folder: string
  /** For `java -cp`. */
  readonly classPath: string
}

/** Kafka's version in a pom, by its property `kafka.version`. */
export const pomVersion = (pom: string): string => /<kafka\.version>([^<]+)</.exec(pom)?.[1] ?? "unknown"

const copyJars = Effect.fnUntraced(function* (target: string) {
  const result = yield* runTool("mvn", [
    "--batch-mode",
    "--no-transfer-progress",
    "--quiet",
    "--file",
    pomFile,
    "dependency:copy-dependencies",
    "-DincludeScope=runtime",
    `-DoutputDirectory=${target}`
  ]).pipe(Effect.mapError((error) => (isMissing(error) ? because(new MavenMissing()) : fromSystem(target)(error))))
  if (result.exitCode === 0) return
  return yield* because(
    saysDiskIsFull(result.output)
      ? new DiskFull({ path: target })
      : new MavenFailed({ exitCode: result.exitCode, output: result.output })
  )
})

const pomText = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(pomFile).pipe(Effect.mapError(fromSystem(pomFile)))
})

/** The version of the Kafka that is started here, as in `4.4.0`. */
export const kafkaVersion = Effect.map(pomText, pomVersion)

/** Where the jars belong, and whether they are there. */
const inspect = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const { folder } = yield* devSettings
  const pom = yield* pomText
  const version = pomVersion(pom)
  const lib = `${folder}/lib-${version}`
  const stamp = createHash("sha256").update(pom).digest("hex")
  const complete = yield* fs.readFileString(`${lib}/stamp`).pipe(
    Effect.map((found) => found === stamp),
    Effect.orElseSucceed(() => false)
  )
  return { folder, version, lib, stamp, complete }
})

const download = Effect.fnUntraced(function* (say: Say) {
  const fs = yield* FileSystem.FileSystem
  const { folder } = yield* devSettings
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(fromSystem(folder)))
  yield* processLock(`${folder}/lib.lock`, say("waiting for another process that downloads Kafka"))
  const { complete, lib, stamp, version } = yield* inspect
  if (complete) return
  yield* say(`downloading Apache Kafka ${version} from Maven Central (43 MB, once)`)
  const fresh = `${lib}.part`
  yield* fs.remove(fresh, { recursive: true, force: true }).pipe(Effect.mapError(fromSystem(fresh)))
  yield* copyJars(fresh)
  yield* fs
    .writeFileString(`${fresh}/stamp`, stamp)
    .pipe(
      Effect.andThen(fs.remove(lib, { recursive: true, force: true })),
      Effect.andThen(fs.rename(fresh, lib)),
      Effect.mapError(fromSystem(lib))
    )
}, Effect.scoped)

/** The jars, downloaded if they are not there yet (43 MB, 5 to 20 s). `say` gets one line before anything slow. */
export const kafkaLibrary = Effect.fnUntraced(function* (
  say: Say = silent
): Effect.fn.Return<KafkaLibrary, DevKafkaError, FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner> {
  const { complete, lib, version } = yield* inspect
  if (!complete) yield* download(say)
  return { version, folder: lib, classPath: `${lib}/*` }
})

/** Succeeds when the jars are there, or Maven to get them. */
export const mavenOrJars = Effect.gen(function* () {
  if ((yield* inspect).complete) return
  yield* runTool("mvn", ["--version"]).pipe(
    Effect.mapError((error) => (isMissing(error) ? because(new MavenMissing()) : fromSystem("mvn")(error)))
  )
})
