/**
 * From options to brokers that know each other: Java, jars, ports, folders, processes, health.
 */
import { createHash, randomBytes } from "node:crypto"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Broker from "../Broker.ts"
import { because, type DevKafkaError, fromSystem, NotHealthy, PortTaken } from "../DevKafkaError.ts"
import { findJava } from "../Java.ts"
import { kafkaLibrary } from "../KafkaLibrary.ts"
import { makeArchive, useArchive } from "./classArchive.ts"
import { freePorts, isFree } from "./freePorts.ts"
import { inRealTime } from "./liveClock.ts"
import { prepareNodes } from "./prepareNodes.ts"
import type { Say } from "./say.ts"
import { host, type NodePorts } from "./serverProperties.ts"
import { waitFor } from "./waitFor.ts"

export interface StartOptions {
  readonly brokers: 1 | 3
  readonly ports: ReadonlyArray<number> | undefined
  readonly dataDir: string | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly jvmOptions: ReadonlyArray<string>
  /** Whether to make the archive of classes that speeds starts up, or only to use it if it is there. */
  readonly archive: "make" | "use"
  /** Whether the brokers die with this process. */
  readonly watched: boolean
  readonly say: Say
}

const choosePorts = Effect.fnUntraced(function* (count: number, chosen: ReadonlyArray<number> | undefined) {
  const taken = yield* Effect.filter(chosen ?? [], (port) => Effect.map(isFree(port, host), (free) => !free))
  if (taken.length > 0) return yield* because(new PortTaken({ ports: taken }))
  const free = yield* freePorts(chosen === undefined ? count * 2 : count, host)
  return Array.from({ length: count }, (_, id): NodePorts => ({
    controller: free[id]!,
    broker: chosen?.[id] ?? free[count + id]!
  }))
})

const knowsAll = (broker: Broker.Broker, count: number) =>
  Effect.filterOrFail(
    broker.probe,
    (metadata) => metadata.brokers.length === count && metadata.controllerId >= 0,
    () => "too few brokers" as const
  )

const clusterSeconds = 60

const awaitCluster = (all: ReadonlyArray<Broker.Broker>) =>
  waitFor(
    Effect.forEach(all, (broker) => knowsAll(broker, all.length), { concurrency: "unbounded", discard: true }),
    clusterSeconds,
    () =>
      Effect.fail(
        because(
          new NotHealthy({
            brokers: all.map((broker) => broker.address),
            seconds: clusterSeconds,
            detail: "the brokers did not find each other"
          })
        )
      )
  )

const attempt = Effect.fnUntraced(function* (options: StartOptions) {
  const fs = yield* FileSystem.FileSystem
  const java = yield* findJava
  const library = yield* kafkaLibrary(options.say)
  const archive = yield* options.archive === "make" ? makeArchive(java, library) : useArchive(java, library)
  const ports = yield* choosePorts(options.brokers, options.ports)
  const folder =
    options.dataDir ??
    (yield* fs
      .makeTempDirectoryScoped({ prefix: "dev-kafka-" })
      .pipe(Effect.mapError(fromSystem("the temporary folder"))))
  const nodes = yield* prepareNodes({
    setup: { java: java.command, classPath: library.classPath, archive, jvmOptions: options.jvmOptions },
    // One folder, one cluster: nodes formatted in different runs still belong together.
    clusterId: (options.dataDir === undefined
      ? randomBytes(16)
      : createHash("sha256").update(options.dataDir).digest().subarray(0, 16)
    ).toString("base64url"),
    folder,
    ports,
    settings: options.settings
  })
  const all = yield* Effect.forEach(nodes, (node) =>
    Broker.make({
      ...node,
      watched: options.watched,
      disposable: options.dataDir === undefined ? node.folder : undefined
    })
  )
  yield* Effect.forEach(all, (broker) => broker.start, { concurrency: "unbounded", discard: true })
  yield* awaitCluster(all)
  return all
})

/** In a scope of its own, so that a failed attempt leaves nothing to the next one. */
const scopedAttempt = Effect.fnUntraced(function* (options: StartOptions) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  return yield* attempt(options).pipe(
    Scope.provide(scope),
    Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
  )
})

/** Starts the brokers and waits until every one knows every other; the scope's end kills them. */
export const startBrokers = (
  options: StartOptions
): Effect.Effect<
  ReadonlyArray<Broker.OwnedBroker>,
  DevKafkaError,
  Scope.Scope | FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner
> =>
  scopedAttempt(options).pipe(
    // Free ports, the controllers' among them, can be taken before they are bound.
    Effect.retry({
      times: 2,
      while: (error) => error.reason._tag === "PortTaken" && !options.ports?.some((port) => namesPort(error, port))
    }),
    inRealTime
  )

const namesPort = (error: DevKafkaError, port: number): boolean =>
  error.reason._tag === "PortTaken" && error.reason.ports.includes(port)
