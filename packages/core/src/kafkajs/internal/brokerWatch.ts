/**
 * Tells silent brokers from busy ones, once for everything that talks to them in a process.
 *
 * Outline:
 *   1. a broker that owes an answer for half a second is doubted, and asked over a connection of its own whether it is there
 *   2. no answer within a second, or nobody listening: it is suspected; its connections are cut, so that what waits on them
 *      fails now, and nobody tries it until it answers again
 *   3. while a broker is suspected the others are asked for new leaders several times a second
 *
 * A write that waits for replicas, or whatever is held up behind one, makes no broker suspect: it answers beside it.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import type { EventLoop } from "../../host/EventLoop.ts"
import { because, type TransportError, Unreachable } from "../../kafka/TransportError.ts"
import { brokersSuspected } from "../../telemetry/DriverMetrics.ts"
import type { BrokerNode } from "./brokerNode.ts"
import { afterReading } from "./foreignCall.ts"

export interface BrokerWatch {
  /** Asks whether the broker is there, unless that is being asked. */
  readonly doubt: (node: BrokerNode) => void
  /** Nobody listens there. */
  readonly refused: (node: BrokerNode, detail: string) => void
  /** The failure of whatever is asked of a suspected broker; undefined while it is trusted. */
  readonly refusal: (node: BrokerNode) => TransportError | undefined
}

export interface WatchOptions {
  readonly now: () => number
  readonly eventLoop: EventLoop
  readonly nodes: () => Iterable<BrokerNode>
  /** Whether the broker is still part of the cluster. */
  readonly isKnown: (node: BrokerNode) => boolean
  readonly refresh: Effect.Effect<void, TransportError>
  readonly maxPingMillis: number
}

const sweepMillis = 250
const owedMillis = 500
const pingMillis = 1_000
/** One that has just been heard is not asked again. */
const provenMillis = 750
const retryMillis = 250
const refreshMillis = 250
// An outage that lasts is looked at less often.
const longMillis = 30_000
const longRefreshMillis = 1_000

export const make = Effect.fnUntraced(function* (
  options: WatchOptions
): Effect.fn.Return<BrokerWatch, never, Scope.Scope> {
  const { eventLoop, now } = options
  const scope = yield* Effect.scope
  const run = Effect.runForkWith(yield* Effect.context())
  const fork = (effect: Effect.Effect<unknown>) => void run(Effect.forkIn(effect, scope))
  let isRefreshing = false

  /** Why nobody is there, or undefined when somebody is. */
  const ping = (node: BrokerNode, limitMillis: number) =>
    Effect.gen(function* () {
      const connection = node.fresh()
      const asking = yield* Effect.tryPromise(() => connection.ping()).pipe(
        Effect.match({ onFailure: ({ cause }) => (cause as Error).message, onSuccess: () => undefined }),
        Effect.forkChild({ startImmediately: true })
      )
      const inTime = yield* Effect.timeoutOption(Fiber.await(asking), limitMillis)
      // After a stall of our own the timer is due before the socket has been read.
      if (inTime._tag === "None") yield* afterReading(eventLoop)
      const answer = asking.pollUnsafe()
      connection.cut("the ping is over")
      if (answer === undefined) return `no answer for ${limitMillis} ms`
      return answer._tag === "Success" ? answer.value : "no answer"
    })

  const refreshWhileSuspected = Effect.gen(function* () {
    const since = now()
    while ([...options.nodes()].some(({ suspectedSince }) => suspectedSince !== undefined)) {
      yield* Effect.ignore(options.refresh)
      yield* Effect.sleep(now() - since > longMillis ? longRefreshMillis : refreshMillis)
    }
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        isRefreshing = false
      })
    )
  )

  const untilBack = Effect.fnUntraced(function* (node: BrokerNode, since: number, isTold: boolean) {
    let patience = pingMillis
    while (options.isKnown(node)) {
      yield* Effect.sleep(retryMillis)
      const silence = yield* ping(node, patience)
      if (silence === undefined) break
      node.suspicion = silence
      patience = Math.min(patience * 2, options.maxPingMillis)
    }
    node.suspectedSince = undefined
    node.provenAt = now()
    if (!isTold) return
    const millis = Math.round(now() - since)
    const isBack = options.isKnown(node)
    yield* Effect.logInfo(
      isBack ? `${node.name} answers again after ${millis} ms` : `${node.name} has left the cluster after ${millis} ms`
    )
  })

  const suspect = (node: BrokerNode, reason: string): void => {
    if (node.suspectedSince !== undefined) return
    const since = now()
    node.suspectedSince = since
    node.suspicion = reason
    node.cut(`${node.name} is taken for dead: ${reason}`)
    // At a start the failure of the start says it.
    const isTold = node.nodeId >= 0
    if (isTold) fork(Metric.update(Metric.withAttributes(brokersSuspected, { broker: String(node.nodeId) }), 1))
    if (isTold) fork(Effect.logWarning(`${node.name} does not answer (${reason}); the others are asked who leads now`))
    fork(untilBack(node, since, isTold))
    if (isRefreshing) return
    isRefreshing = true
    fork(refreshWhileSuspected)
  }

  const doubt = (node: BrokerNode): void => {
    if (node.isDoubted || node.suspectedSince !== undefined || now() - node.provenAt < provenMillis) return
    node.isDoubted = true
    fork(
      ping(node, pingMillis).pipe(
        Effect.flatMap((silence) =>
          Effect.sync(() => {
            node.isDoubted = false
            node.provenAt = now()
            if (silence !== undefined) suspect(node, silence)
          })
        )
      )
    )
  }

  const sweep = Effect.sync(() => {
    for (const node of options.nodes()) {
      if (node.owedMillis > owedMillis) doubt(node)
    }
  })
  yield* sweep.pipe(Effect.andThen(Effect.sleep(sweepMillis)), Effect.forever, Effect.forkScoped)

  return {
    doubt,
    refused: (node, detail) => suspect(node, detail),
    refusal: (node) =>
      node.suspectedSince === undefined
        ? undefined
        : because(new Unreachable({ brokers: [node.address], detail: node.suspicion }))
  }
})
