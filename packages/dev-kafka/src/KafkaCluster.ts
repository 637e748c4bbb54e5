/**
 * A real Apache Kafka cluster of one or three brokers, for tests: started for a scope, on free ports, in a temporary
 * folder, gone afterwards.
 *
 * Where it stops: it knows nothing of a Kafka that runs already (`Ensure`), nor of brokers that outlive their program
 * (`DevBroker`).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type * as Broker from "./Broker.ts"
import type { DevKafkaError } from "./DevKafkaError.ts"
import { silent } from "./internal/say.ts"
import { startBrokers } from "./internal/startBrokers.ts"

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
    Effect.map(
      startBrokers({
        brokers: options.brokers,
        ports: options.ports,
        dataDir: options.dataDir,
        settings: options.settings ?? {},
        jvmOptions: options.jvmOptions ?? ["-XX:TieredStopAtLevel=1"],
        archive: "make",
        watched: true,
        say: silent
      }),
      (all) => ({
        brokers: all.map((broker) => broker.address),
        broker: (id) => {
          const broker = all[id]
          if (broker === undefined) throw new RangeError(`there is no broker ${id} in a cluster of ${all.length}`)
          return broker
        }
      })
    )

  static readonly layer = (options: Options): Layer.Layer<KafkaCluster, DevKafkaError> =>
    Layer.effect(KafkaCluster, this.make(options)).pipe(Layer.provide(NodeServices.layer))

  /** One broker with the defaults. */
  static readonly layerTest = this.layer({ brokers: 1 })
}
