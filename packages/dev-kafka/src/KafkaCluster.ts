/**
 * A real Apache Kafka cluster of one or three brokers, for tests: started for a scope, on free ports, in a temporary
 * folder, gone afterwards.
 *
 * Where it stops: it knows nothing of a Kafka that runs already (`Ensure`), nor of brokers that outlive their program
 * (`DevBroker`).
 */
import { randomBytes } from "node:crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Broker from "./Broker.ts"
import { type DevKafkaError, because, fromSystem, NotHealthy } from "./DevKafkaError.ts"
import { prepareNodes } from "./internal/prepareNodes.ts"
import { waitFor } from "./internal/waitFor.ts"
import { inRealTime } from "./internal/liveClock.ts"
import { freePorts } from "./internal/freePorts.ts"
import { host, type NodePorts } from "./internal/serverProperties.ts"
import { findJava } from "./Java.ts"
import { kafkaLibrary } from "./KafkaLibrary.ts"

export interface Options {
  /** How many brokers; every one is a controller too. */
  readonly brokers: 1 | 3
  /** One port per broker. Default: free ones. */
  readonly ports?: ReadonlyArray<number>
  /** Where the data lies, kept afterwards. Default: a temporary folder, removed afterwards. */
  readonly dataDir?: string
  /** Broker settings on top of the defaults, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Options of the JVM after the heap size. Default: `-XX:TieredStopAtLevel=1`, which starts half a second sooner and
   * spares the processors; pass `[]` where throughput is measured.
   */
  readonly jvmOptions?: ReadonlyArray<string>
}

const choosePorts = Effect.fnUntraced(function* (options: Options) {
  const chosen = options.ports
  const free = yield* freePorts(chosen === undefined ? options.brokers * 2 : options.brokers, host)
  return Array.from({ length: options.brokers }, (_, id): NodePorts => ({
    controller: free[id]!,
    broker: chosen?.[id] ?? free[options.brokers + id]!
  }))
})

const knowsAll = (broker: Broker.Broker, count: number) =>
  Effect.filterOrFail(
    broker.probe,
    (metadata) => metadata.brokers.length === count && metadata.controllerId >= 0,
    () => "too few brokers" as const
  )

const clusterSeconds = 60

const attempt = Effect.fnUntraced(function* (options: Options) {
  const fs = yield* FileSystem.FileSystem
  const java = yield* findJava
  const library = yield* kafkaLibrary()
  const folder =
    options.dataDir ??
    (yield* fs
      .makeTempDirectoryScoped({ prefix: "dev-kafka-" })
      .pipe(Effect.mapError(fromSystem("the temporary folder"))))
  const ports = yield* choosePorts(options)
  const nodes = yield* prepareNodes({
    setup: { java, classPath: library.classPath, jvmOptions: options.jvmOptions ?? ["-XX:TieredStopAtLevel=1"] },
    clusterId: randomBytes(16).toString("base64url"),
    folder,
    ports,
    settings: options.settings ?? {}
  })
  const all = yield* Effect.forEach(nodes, (node) =>
    Broker.make({ ...node, disposable: options.dataDir === undefined ? node.folder : undefined })
  )
  yield* Effect.forEach(all, (broker) => broker.start, { concurrency: "unbounded", discard: true })
  const brokers = all.map((broker) => broker.address)
  const complete = Effect.forEach(all, (broker) => knowsAll(broker, all.length), {
    concurrency: "unbounded",
    discard: true
  })
  yield* waitFor(complete, clusterSeconds, () =>
    Effect.fail(
      because(new NotHealthy({ brokers, seconds: clusterSeconds, detail: "the brokers did not find each other" }))
    )
  )
  return {
    brokers,
    broker: (id: number) => {
      const broker = all[id]
      if (broker === undefined) throw new RangeError(`there is no broker ${id} in a cluster of ${all.length}`)
      return broker
    }
  }
})

/** A running cluster. */
export class KafkaCluster extends Context.Service<
  KafkaCluster,
  {
    /** The bootstrap list, `host:port`, by node id. */
    readonly brokers: ReadonlyArray<string>
    /** The broker with this node id (0, 1, 2). Throws a `RangeError` for another. */
    readonly broker: (id: number) => Broker.Broker
  }
>()("@kafka-request-reply/dev-kafka/KafkaCluster") {
  /** Starts the cluster and waits until every broker knows every other; the scope's end kills it. */
  static readonly make = (
    options: Options
  ): Effect.Effect<
    KafkaCluster["Service"],
    DevKafkaError,
    Scope.Scope | FileSystem.FileSystem | ChildProcessSpawner.ChildProcessSpawner
  > =>
    options.ports === undefined
      ? // A free port can be taken before the broker binds it; whoever did not choose it need not know.
        attempt(options).pipe(
          Effect.retry({ times: 2, while: (error: DevKafkaError) => error.reason._tag === "PortTaken" }),
          inRealTime
        )
      : inRealTime(attempt(options))

  static readonly layer = (options: Options): Layer.Layer<KafkaCluster, DevKafkaError> =>
    Layer.effect(KafkaCluster, this.make(options)).pipe(Layer.provide(NodeServices.layer))

  /** One broker with the defaults. */
  static readonly layerTest = this.layer({ brokers: 1 })
}
