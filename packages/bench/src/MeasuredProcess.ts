/**
 * A process of a peer: says `ready`, then answers each line it is given with one line of JSON. Ends with its scope.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"

/** A process ended, or said something else than was due. */
export class Broken extends Schema.TaggedError<Broken>()("Broken", { peer: Schema.String, detail: Schema.String }) {
  override get message() {
    return `the measured process of ${this.peer} ${this.detail}; what it printed is above`
  }
}

export interface MeasuredProcess {
  readonly pid: number
  /** How long it took to say `ready`, milliseconds. */
  readonly readyMillis: number
  readonly ask: (request: unknown) => Effect.Effect<unknown, Broken>
}

export interface Command {
  readonly command: string
  readonly args: ReadonlyArray<string>
}

/** Starts it and waits until it is ready. */
export const start = Effect.fnUntraced(function* (peer: string, { args, command }: Command, brokers: string) {
  const startedAt = performance.now()
  const requests = yield* Queue.unbounded<string, Cause.Done>()
  const handle = yield* ChildProcess.make(command, args, {
    env: { KAFKA_BROKERS: brokers },
    extendEnv: true,
    stdin: Stream.encodeText(Stream.fromQueue(requests)),
    stderr: "inherit",
    killSignal: "SIGTERM",
    forceKillAfter: "30 seconds"
  })
  const answers = yield* handle.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.toQueue({ capacity: "unbounded" })
  )
  const broken = (detail: string) => new Broken({ peer, detail })
  const answer = Queue.take(answers).pipe(Effect.mapError(() => broken("ended")))
  const first = yield* answer
  if (first !== "ready") return yield* broken(`said ${first} instead of ready`)
  const readyMillis = performance.now() - startedAt
  const ask = (request: unknown) =>
    Effect.gen(function* () {
      yield* Queue.offer(requests, `${JSON.stringify(request)}\n`)
      const line = yield* answer
      return yield* Effect.try({ try: () => JSON.parse(line) as unknown, catch: () => broken(`said ${line}`) })
    })
  return { pid: handle.pid, readyMillis, ask } satisfies MeasuredProcess
})
