/**
 * Kafka in a container, by the `docker-compose.yml` at the root of the repository.
 */
import * as Effect from "effect/Effect"
import { because, DockerFailed, fromSystem } from "./DevKafkaError.ts"
import { composeFile } from "./internal/devFolder.ts"
import { runTool } from "./internal/runTool.ts"
import { inRealTime } from "./internal/liveClock.ts"

const succeeds = (...args: ReadonlyArray<string>) =>
  runTool("docker", args).pipe(
    Effect.map((result) => result.exitCode === 0),
    Effect.orElseSucceed(() => false),
    Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => Effect.succeed(false) }),
    inRealTime
  )

/** Whether a Docker engine answers and compose is there. */
export const dockerAnswers = Effect.gen(function* () {
  return (yield* succeeds("version", "--format", "{{.Server.Version}}")) && (yield* succeeds("compose", "version"))
})

const compose = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const result = yield* runTool("docker", ["compose", "--file", composeFile, ...args]).pipe(
    Effect.mapError(fromSystem(composeFile))
  )
  if (result.exitCode !== 0) {
    return yield* because(new DockerFailed({ exitCode: result.exitCode, output: result.output }))
  }
})

/** Starts the container and waits until its health check passes. */
export const dockerUp = compose("up", "--wait", "kafka")

/** Removes the container that `dockerUp` started. */
export const dockerDown = compose("rm", "--stop", "--force", "--volumes", "kafka")
