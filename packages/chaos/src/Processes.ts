/**
 * The programs under chaos: started, signalled, and started again under a new name, since a journal belongs to one process.
 */
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"

export interface Program {
  readonly name: string
  readonly pid: number
  /** Waits for its end; true when it ended well. */
  readonly ended: Effect.Effect<boolean>
  readonly signal: (name: NodeJS.Signals) => Effect.Effect<void>
}

export interface Environment {
  readonly brokers: string
  readonly folder: string
}

/** Starts a script of `process/`; what it says goes into the folder. It ends with the scope at the latest. */
export const start = Effect.fnUntraced(function* (
  { brokers, folder }: Environment,
  role: "requester" | "responder",
  name: string,
  args: ReadonlyArray<string> = []
) {
  const script = fileURLToPath(new URL(`process/${role}.ts`, import.meta.url))
  const shell = `exec "$0" "$@" >> "${folder}/${name}.log" 2>&1`
  const handle = yield* ChildProcess.make(
    "sh",
    ["-c", shell, process.execPath, "--conditions=source", script, name, folder, ...args],
    { env: { KAFKA_BROKERS: brokers }, extendEnv: true, killSignal: "SIGKILL" }
  )
  return {
    name,
    pid: handle.pid,
    ended: Effect.match(handle.exitCode, { onFailure: () => false, onSuccess: (code) => code === 0 }),
    signal: (signal) =>
      Effect.try({ try: () => void process.kill(handle.pid, signal), catch: () => undefined }).pipe(Effect.ignore)
  } satisfies Program
})

/** The responders of a run: always so many, whatever is done to them. */
export class Responders {
  readonly #environment: Environment
  readonly #scope: Scope.Scope
  readonly #spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]
  #started = 0
  #programs: Array<Program> = []

  constructor(
    environment: Environment,
    scope: Scope.Scope,
    spawner: ChildProcessSpawner.ChildProcessSpawner["Service"]
  ) {
    this.#environment = environment
    this.#scope = scope
    this.#spawner = spawner
  }

  get all(): ReadonlyArray<Program> {
    return this.#programs
  }

  /** Starts one more. */
  add() {
    return start(this.#environment, "responder", `responder-${++this.#started}`).pipe(
      Effect.tap((program) => Effect.sync(() => void this.#programs.push(program))),
      Effect.provideService(ChildProcessSpawner.ChildProcessSpawner, this.#spawner),
      Scope.provide(this.#scope)
    )
  }

  /** Ends one by a signal and starts another in its place. */
  replace(program: Program, signal: NodeJS.Signals) {
    return Effect.gen({ self: this }, function* () {
      yield* program.signal(signal)
      yield* program.ended
      this.#programs = this.#programs.filter((other) => other !== program)
      return yield* this.add()
    })
  }
}

/** A scope that is closed with an outcome of its own: children are gone before journals are read. */
export const closing = (scope: Scope.Closeable): Effect.Effect<void> => Scope.close(scope, Exit.void)
