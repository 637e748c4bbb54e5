/**
 * Finds a Java that can run Kafka 4: `JAVA_HOME` first, then the `java` on the `PATH`; the first that is new enough.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import { because, type DevKafkaError, fromSystem, JavaMissing, JavaTooOld } from "./DevKafkaError.ts"
import { javaMajor, javaVersion } from "./internal/javaVersion.ts"
import { isMissing, runTool } from "./internal/runTool.ts"

/** Kafka 4 brokers need it (kafka.apache.org/documentation, "Java Version"). */
const neededMajor = 17

const home = Config.option(Config.String("JAVA_HOME")).pipe(Effect.orDie)

export interface Java {
  readonly command: string
  /** As in `17.0.15`. */
  readonly version: string
}

/** The Java to use. */
export const findJava: Effect.Effect<Java, DevKafkaError, ChildProcessSpawner.ChildProcessSpawner> = Effect.gen(
  function* () {
    const fromHome = Option.map(yield* home, (folder) => `${folder}/bin/java`)
    let problem = because(new JavaMissing())
    for (const java of [...Option.toArray(fromHome), "java"]) {
      const result = yield* runTool(java, ["-version"]).pipe(
        Effect.map(Option.some),
        Effect.catch((error) => (isMissing(error) ? Effect.succeedNone : Effect.fail(fromSystem(java)(error))))
      )
      if (Option.isNone(result)) continue
      const version = javaVersion(result.value.output)
      const major = Option.getOrElse(Option.flatMap(version, javaMajor), () => 0)
      if (Option.isSome(version) && major >= neededMajor) return { command: java, version: version.value }
      const found = Option.getOrElse(version, () => result.value.output.split("\n", 1)[0] || "of an unknown version")
      problem = because(new JavaTooOld({ java, found }))
    }
    return yield* problem
  }
)
