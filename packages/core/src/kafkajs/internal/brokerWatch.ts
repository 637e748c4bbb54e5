/**
 * Tells silent brokers from busy ones, once for everything in a process that uses this client.
 *
 * Outline:
 *   1. a broker that has owed an answer for half a second is doubted: the watch pings it over a separate connection
 *   2. a broker that does not answer the ping within a second, or refuses the connection, is suspected: the watch cuts its
 *      connections, so that pending requests fail now, and new requests fail at once until the broker answers a ping
 *   3. while a broker is suspected, the client asks the other brokers for new leaders several times a second
 *
 * A write that waits for replicas does not make its broker suspect, nor do the requests queued behind that write: the broker
 * still answers pings.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Metric from "effect/Metric"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { brokersSuspected } from "../../telemetry/DriverMetrics.ts"
import type { Background } from "./background.ts"
import type { BrokerDirectory } from "./brokerDirectory.ts"
import type { BrokerNode } from "./brokerNode.ts"
import { ping } from "./brokerPing.ts"

export interface WatchOptions {
  readonly directory: BrokerDirectory
  readonly background: Background
  readonly eventLoop: EventLoop
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly maxPingMillis: number
}

const sweepMillis = 250
const owedMillis = 500
const pingMillis = 1_000
/** A broker that answered this recently is not pinged again. */
const provenMillis = 750
const retryMillis = 250
const refreshMillis = 250
// During a long outage the metadata is fetched less often.
const longMillis = 30_000
const longRefreshMillis = 1_000

export class BrokerWatch {
  readonly #options: WatchOptions
  /** Opened when a broker becomes suspected. */
  readonly #suspicion = Latch.makeUnsafe(false)

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** Pings the broker, unless a ping is under way or the broker answered one just now. */
  doubt(node: BrokerNode): void {
    const { background, eventLoop, now } = this.#options
    if (node.isDoubted || node.suspectedSince !== undefined || now() - node.provenAt < provenMillis) return
    node.isDoubted = true
    background.start(
      Effect.map(ping(node, pingMillis, eventLoop), (silence) => {
        node.isDoubted = false
        node.provenAt = now()
        if (silence !== undefined) this.suspect(node, silence)
      })
    )
  }

  /** Cuts the broker's connections and fails new requests to it until it answers a ping. */
  suspect(node: BrokerNode, reason: string): void {
    if (node.suspectedSince !== undefined) return
    const { background, now } = this.#options
    const since = now()
    node.suspectedSince = since
    node.suspicion = reason
    node.cut(`${node.name} is taken for dead: ${reason}`)
    // A broker of the bootstrap list is named by the error of the failed start.
    const isTold = node.nodeId >= 0
    if (isTold) {
      background.start(Metric.update(Metric.withAttributes(brokersSuspected, { broker: String(node.nodeId) }), 1))
      const warning = `${node.name} does not answer (${reason}); the others are asked who leads now`
      background.start(Effect.logWarning(warning))
    }
    background.start(this.#untilBack(node, since, isTold))
    this.#suspicion.openUnsafe()
  }

  /** Doubts every broker that owes an answer for too long; for ever. */
  get sweep(): Effect.Effect<never> {
    return Effect.sync(() => {
      for (const node of this.#options.directory.all) {
        if (node.owedMillis > owedMillis) this.doubt(node)
      }
    }).pipe(Effect.andThen(Effect.sleep(sweepMillis)), Effect.forever)
  }

  /** Runs `refresh` again and again while a broker is suspected; for ever. */
  whileSuspected(refresh: Effect.Effect<void, TransportError>): Effect.Effect<never> {
    const { now } = this.#options
    return Effect.gen({ self: this }, function* () {
      yield* this.#suspicion.await
      this.#suspicion.closeUnsafe()
      const since = now()
      while (this.#isAnySuspected) {
        yield* Effect.ignore(refresh)
        yield* Effect.sleep(now() - since > longMillis ? longRefreshMillis : refreshMillis)
      }
    }).pipe(Effect.forever)
  }

  get #isAnySuspected(): boolean {
    return [...this.#options.directory.all].some(({ suspectedSince }) => suspectedSince !== undefined)
  }

  /** Pings a suspected broker until it answers or has left the cluster, then trusts it again. */
  readonly #untilBack = Effect.fnUntraced(function* (
    this: BrokerWatch,
    node: BrokerNode,
    since: number,
    isTold: boolean
  ): Effect.fn.Return<void> {
    const { directory, eventLoop, maxPingMillis, now } = this.#options
    let patience = pingMillis
    while (directory.isKnown(node)) {
      yield* Effect.sleep(retryMillis)
      const silence = yield* ping(node, patience, eventLoop)
      if (silence === undefined) break
      node.suspicion = silence
      patience = Math.min(patience * 2, maxPingMillis)
    }
    node.suspectedSince = undefined
    node.provenAt = now()
    if (!isTold) return
    const millis = Math.round(now() - since)
    const isBack = directory.isKnown(node)
    yield* Effect.logInfo(
      isBack ? `${node.name} answers again after ${millis} ms` : `${node.name} has left the cluster after ${millis} ms`
    )
  })
}
