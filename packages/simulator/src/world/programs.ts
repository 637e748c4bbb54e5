/**
 * The two programs as they run on a simulated host: a requester with its callers, and a responder with its handlers.
 */
import { monotonicMillis } from "@kafka-request-reply/core/simulator/host/MonotonicTime"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Responder from "@kafka-request-reply/core/Responder"
import { Transport } from "@kafka-request-reply/core/Transport"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as ClusterTransport from "../cluster/ClusterTransport.ts"
import type { Cluster } from "../cluster/Cluster.ts"
import type { Process } from "../cluster/Process.ts"
import type { Happening } from "../history/Event.ts"
import type { Decorators } from "../mutants/Decorators.ts"
import type { PlannedCall, Settings } from "../plan/Plan.ts"
import { deadLetters } from "../cluster/damage.ts"
import { makeCall } from "./caller.ts"
import { Simulated, type SimulatedRpcs } from "./Contract.ts"
import { type Client, makeHandlers } from "./handlers.ts"

export interface ProgramEnvironment {
  readonly cluster: Cluster
  readonly process: Process
  readonly settings: Settings
  readonly decorators: Decorators
  readonly onEvent: (happening: Happening) => void
  /** Ends when the program is told to stop. */
  readonly stopped: Effect.Effect<void>
}

export const maxRequestBytes = 2_000
export const maxReplyBytes = 2_000

// Short, so that a send to a broker that does not answer is given up within a history.
const publisher = { sendTimeout: "1 second" } as const

const transportOf = ({ cluster, decorators, process }: ProgramEnvironment) =>
  decorators.transport(ClusterTransport.make(cluster, process, decorators.link))

const requesterOf = (environment: ProgramEnvironment, settings: Settings) =>
  Requester.make(Simulated, {
    topics: "create",
    partitions: settings.partitions,
    replyTopic: "sim.replies",
    maxInFlight: settings.maxInFlight,
    maxRequestBytes,
    drainTimeout: settings.drainMillis,
    publisher
  })

/** Makes the calls given to it, then waits to be stopped; closing drains. `onMade` is given what tests look into. */
export const requesterProgram = (
  environment: ProgramEnvironment,
  takeCalls: () => ReadonlyArray<PlannedCall>,
  onMade: (requester: Requester.Requester<SimulatedRpcs>, client: Client) => void
): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { onEvent, settings, stopped } = environment
    const transport = transportOf(environment)
    const requester = yield* Effect.provideService(requesterOf(environment, settings), Transport, transport)
    const client = yield* requester.client(Simulated)
    onEvent({ type: "ready" })
    onMade(requester, client)
    const clock = yield* Clock.Clock
    for (const call of takeCalls()) {
      const wait = call.at - monotonicMillis(clock)
      yield* makeCall(client, call, onEvent).pipe(
        Effect.delay(Math.max(0, wait)),
        // Callers outlive the requester's closing, as fibers of a server do: they are told that it is closed.
        Effect.forkDetach
      )
    }
    yield* stopped
    onEvent({ type: "closing" })
  })

/** Serves until it is stopped; closing drains. */
export const responderProgram = (
  environment: ProgramEnvironment,
  nextRun: () => number,
  hasNestedCalls: boolean
): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const { decorators, onEvent, settings, stopped } = environment
    const transport = transportOf(environment)
    const services = Context.make(Transport, transport)
    const client = hasNestedCalls
      ? yield* requesterOf(environment, { ...settings, maxInFlight: 1_000 }).pipe(
          Effect.flatMap((requester) => requester.client(Simulated)),
          Effect.provideContext(services)
        )
      : undefined
    const tell = ({ offset, outcome, partition }: Responder.Answered): void =>
      onEvent({ type: "told", partition, offset, outcome })
    const handlers = yield* Layer.build(makeHandlers({ nextRun, onEvent, client, nested: decorators.nested }))
    yield* Responder.make(Simulated, {
      hideDefects: false,
      topics: "create",
      partitions: settings.partitions,
      concurrency: settings.concurrency,
      maxWaiting: settings.maxWaiting,
      maxWaitingPerKey: settings.maxWaitingPerKey,
      ...(settings.maxWaitMillis === undefined ? {} : { maxWait: settings.maxWaitMillis }),
      maxTimeout: settings.maxTimeoutMillis,
      dedupeEntries: settings.dedupeEntries,
      ...(settings.dedupeBytes === undefined ? {} : { dedupeBytes: settings.dedupeBytes }),
      ...(settings.maxOpenBytes === undefined ? {} : { maxOpenBytes: settings.maxOpenBytes }),
      ...(settings.isWatched === true ? { deadLetterTopic: deadLetters, onAnswered: tell } : {}),
      maxRequestBytes,
      maxReplyBytes,
      clockSkew: settings.clockSkewMillis,
      drainTimeout: settings.drainMillis,
      publisher,
      quiesceTimeout: settings.quiesceMillis,
      retryAfter: "200 millis"
    }).pipe(Effect.provideContext(Context.merge(services, handlers)))
    onEvent({ type: "ready" })
    yield* stopped
    onEvent({ type: "closing" })
  })
