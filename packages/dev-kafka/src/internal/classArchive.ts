/**
 * The JVM's archive of Kafka's loaded classes (class data sharing): with it a broker starts in about half the time and
 * with a third less work.
 *
 * It is made once per Java version by a broker that does nothing but start and stop, and lies beside the jars; where it
 * cannot be made, brokers start without it.
 */
import { randomBytes } from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Broker from "../Broker.ts"
import { because, fromSystem, SystemFailed } from "../DevKafkaError.ts"
import type { Java } from "../Java.ts"
import type { KafkaLibrary } from "../KafkaLibrary.ts"
import { freePorts } from "./freePorts.ts"
import { prepareNodes } from "./prepareNodes.ts"
import { processLock } from "./processLock.ts"
import { host } from "./serverProperties.ts"

const fileFor = (java: Java, library: KafkaLibrary): string => `${library.folder}/classes-${java.version}.jsa`

const record = Effect.fnUntraced(function* (java: Java, library: KafkaLibrary) {
  const fs = yield* FileSystem.FileSystem
  const file = fileFor(java, library)
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "dev-kafka-" })
  const [broker, controller] = yield* freePorts(2, host)
  const [node] = yield* prepareNodes({
    setup: {
      java: java.command,
      classPath: library.classPath,
      archive: [],
      jvmOptions: ["-XX:TieredStopAtLevel=1", `-XX:ArchiveClassesAtExit=${file}.part`]
    },
    clusterId: randomBytes(16).toString("base64url"),
    folder,
    ports: [{ broker: broker!, controller: controller! }],
    settings: {}
  })
  const recorder = yield* Broker.make({ ...node!, watched: true, disposable: node!.folder })
  yield* recorder.start
  yield* recorder.stop
  if (!(yield* fs.exists(`${file}.part`))) {
    return yield* because(new SystemFailed({ detail: "Java wrote no archive of classes", cause: undefined }))
  }
  yield* fs.rename(`${file}.part`, file)
}, Effect.scoped)

/** JVM options that use the archive; none while there is none. */
export const useArchive = Effect.fnUntraced(function* (java: Java, library: KafkaLibrary) {
  const fs = yield* FileSystem.FileSystem
  const file = fileFor(java, library)
  const size = yield* fs.stat(file).pipe(
    Effect.map((info) => Number(info.size)),
    Effect.orElseSucceed(() => 0)
  )
  return size > 0 ? [`-XX:SharedArchiveFile=${file}`] : []
})

/** Like `useArchive`, after making it if it was never tried. */
export const makeArchive = Effect.fnUntraced(function* (java: Java, library: KafkaLibrary) {
  const fs = yield* FileSystem.FileSystem
  const file = fileFor(java, library)
  const tried = Effect.mapError(fs.exists(file), fromSystem(file))
  const make = Effect.gen(function* () {
    yield* processLock(`${library.folder}/classes.lock`)
    if (yield* tried) return
    yield* record(java, library).pipe(
      // An empty file stands for "tried in vain", so that not every start tries again.
      Effect.catch((error) =>
        Effect.andThen(
          Effect.logDebug("brokers start without an archive of classes", error),
          Effect.mapError(fs.writeFileString(file, ""), fromSystem(file))
        )
      )
    )
  })
  if (!(yield* tried)) yield* Effect.scoped(make)
  return yield* useArchive(java, library)
})
