/**
 * One broker of a cluster: start, stop, kill, pause and resume, as often as one likes; its data stays.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import {
  because,
  BrokerExited,
  type DevKafkaError,
  DiskFull,
  fromSystem,
  NotHealthy,
  NotRunning,
  PortTaken,
  saysDiskIsFull
} from "./DevKafkaError.ts"
import { endOfLog } from "./internal/endOfLog.ts"
import { inRealTime } from "./internal/liveClock.ts"
import { spawnBroker } from "./internal/brokerProcess.ts"
import { waitFor } from "./internal/waitFor.ts"
import { type ClusterMetadata, probe, type ProbeFailed } from "./KafkaProbe.ts"

export interface Broker {
  /** The node id: 0, 1 or 2, which is also its index in the cluster's address list. */
  readonly id: number
  /** `host:port` */
  readonly address: string
  /** Starts the process and waits until it answers; nothing if it runs already. */
  readonly start: Effect.Effect<void, DevKafkaError>
  /** Orderly shutdown (SIGTERM), killed if it takes more than 20 s; resumes it first if paused. */
  readonly stop: Effect.Effect<void, DevKafkaError>
  /** SIGKILL, as in a crash. */
  readonly kill: Effect.Effect<void, DevKafkaError>
  /** SIGSTOP: connections stay open and nothing answers. */
  readonly pause: Effect.Effect<void, DevKafkaError>
  /** SIGCONT after `pause`. */
  readonly resume: Effect.Effect<void, DevKafkaError>
  /** Asks it one question of the protocol; fails after 2 s. */
  readonly probe: Effect.Effect<ClusterMetadata, ProbeFailed>
  /** The number of its process. */
  readonly pid: Effect.Effect<number, DevKafkaError>
  /** The end of its log, without stack frames. */
  readonly log: Effect.Effect<string>
}

/** A broker, as seen by the code that started it. */
export interface OwnedBroker extends Broker {
  /** Lets it live on after the scope and this process; gives its process id. */
  readonly detach: Effect.Effect<number, DevKafkaError>
}

export interface BrokerOptions {
  readonly id: number
  readonly address: string
  readonly command: readonly [string, ReadonlyArray<string>]
  readonly logFile: string
  /** Whether it dies with this process. */
  readonly watched: boolean
  /** A folder to remove should this process die without closing its scopes. */
  readonly disposable: string | undefined
}

const startSeconds = 60

interface Running {
  readonly process: ChildProcessSpawner.ChildProcessHandle
  readonly scope: Scope.Closeable
}

/** Which of the known reasons the log of an exited broker tells. */
const whyExited = (broker: number, logFile: string, log: string): DevKafkaError => {
  const port = /failed to bind to \S*:(\d+)/i.exec(log)?.[1]
  if (port !== undefined) return because(new PortTaken({ ports: [Number(port)] }))
  return because(saysDiskIsFull(log) ? new DiskFull({ path: logFile }) : new BrokerExited({ broker, log }))
}

/** A broker that is not started yet; the scope kills it. */
export const make = Effect.fnUntraced(function* (options: BrokerOptions) {
  const { address, id, logFile } = options
  const fs = yield* FileSystem.FileSystem
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const outer = yield* Scope.Scope
  const oneAtATime = Semaphore.makeUnsafe(1)
  let current = Option.none<Running>()

  const log = fs.readFileString(logFile).pipe(
    Effect.map(endOfLog),
    Effect.orElseSucceed(() => "(no log)")
  )
  const alive = Effect.gen(function* () {
    if (Option.isSome(current) && !(yield* Effect.orDie(current.value.process.isRunning))) yield* release
    return current
  })
  const release = Effect.suspend(() => {
    const scope = Option.map(current, (running) => running.scope)
    current = Option.none()
    return Option.isSome(scope) ? Scope.close(scope.value, Exit.void) : Effect.void
  })
  const running = Effect.flatMap(alive, (found) =>
    Option.isSome(found) ? Effect.succeed(found.value.process) : Effect.fail(because(new NotRunning({ broker: id })))
  )
  const answers = waitFor(Effect.asVoid(probe(address)), startSeconds, () =>
    Effect.flatMap(log, (detail) =>
      Effect.fail(because(new NotHealthy({ brokers: [address], seconds: startSeconds, detail })))
    )
  )
  const start = Effect.gen(function* () {
    if (Option.isSome(yield* alive)) return
    yield* fs.writeFileString(logFile, "").pipe(Effect.mapError(fromSystem(logFile)))
    const scope = yield* Scope.fork(outer)
    const process = yield* spawnBroker(options).pipe(Scope.provide(scope), Effect.mapError(fromSystem(logFile)))
    current = Option.some({ process, scope })
    const exited = Effect.exit(process.exitCode).pipe(
      Effect.andThen(log),
      Effect.flatMap((text) => Effect.fail(whyExited(id, logFile, text)))
    )
    yield* Effect.raceFirst(answers, exited).pipe(Effect.onError(() => release))
  }).pipe(Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, spawner))

  const signal = (name: NodeJS.Signals) =>
    Effect.flatMap(running, ({ pid }) =>
      Effect.try({ try: () => void process.kill(pid, name), catch: (error) => fromSystem(logFile)(error as Error) })
    )
  const end = (first: "SIGTERM" | "SIGKILL") =>
    Effect.flatMap(running, (found) => found.kill({ killSignal: first, forceKillAfter: "20 seconds" })).pipe(
      Effect.mapError((error) => (error._tag === "DevKafkaError" ? error : fromSystem(logFile)(error))),
      Effect.andThen(release)
    )
  const guarded = <A, E>(effect: Effect.Effect<A, E>) => oneAtATime.withPermit(inRealTime(effect))

  const broker: OwnedBroker = {
    id,
    address,
    start: guarded(start),
    stop: guarded(Effect.andThen(signal("SIGCONT"), end("SIGTERM"))),
    kill: guarded(end("SIGKILL")),
    pause: guarded(signal("SIGSTOP")),
    resume: guarded(signal("SIGCONT")),
    probe: probe(address),
    pid: Effect.map(running, ({ pid }) => pid),
    log,
    detach: running.pipe(
      Effect.tap((found) => found.unref),
      Effect.mapBoth({
        onFailure: (error) => (error._tag === "DevKafkaError" ? error : fromSystem(logFile)(error)),
        onSuccess: (found) => found.pid
      }),
      guarded
    )
  }
  return broker
})
