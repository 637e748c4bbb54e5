/**
 * The readers of this requester's reply partitions: one that new calls name, and others as long as a call that names them
 * is open.
 *
 * Hearing is a state. When the leader of the partition that new calls name answers no more, they name another one that is
 * read and answers; when there is none, they are held until there is. A partition that is configured is kept.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Supervised from "../../host/Supervised.ts"
import type { ReadPartition, Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { partitionOf } from "../../protocol/partitioner.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import type { Calls } from "./calls.ts"
import { ReplyReader } from "./replyReader.ts"

export interface Options {
  readonly topic: string
  readonly partitions: number
  /** A fixed partition, or undefined to have one picked by the token. */
  readonly partition: number | undefined
  readonly token: Uint8Array
}

/** The part of `Calls` that is told where replies come to. */
export type AddressedCalls = Pick<Calls, "deafen" | "hearAt" | "hold" | "mark">

type Listener = Pick<ReadPartition, "onRecords" | "onUndecodable">

// A leader that has not answered by then is passed over for another one; the next round is given twice as much.
const patienceMillis = 1_000
// Between rounds in which no leader answered.
const retryMillis = 100
const closeEvery = "1 second"

/** The token's partition first, then those with a leader, at last the others; the configured one alone. */
const candidatesOf = (
  { partition, token, topic }: Options,
  partitions: number,
  { link }: Transport["Service"]
): ReadonlyArray<number> => {
  if (partition !== undefined) return [partition]
  const first = partitionOf(token, partitions)
  const others = Array.from({ length: partitions - 1 }, (_, step) => (first + step + 1) % partitions)
  const isLed = (other: number) => link.leaderOf(topic, other) >= 0
  return [first, ...others.filter(isLed), ...others.filter((other) => !isLed(other))]
}

class ReplyReaders {
  readonly #transport: Transport["Service"]
  readonly #options: Options
  readonly #calls: AddressedCalls
  readonly #listener: Listener
  readonly #scope: Scope.Scope
  readonly #losses: Queue.Queue<TransportError>
  readonly #silences: Queue.Queue<void>
  readonly #readers = new Set<ReplyReader>()
  #current: ReplyReader | undefined

  constructor(
    transport: Transport["Service"],
    options: Options,
    calls: AddressedCalls,
    listener: Listener,
    own: {
      readonly scope: Scope.Scope
      readonly losses: Queue.Queue<TransportError>
      readonly silences: Queue.Queue<void>
    }
  ) {
    this.#transport = transport
    this.#options = options
    this.#calls = calls
    this.#listener = listener
    this.#scope = own.scope
    this.#losses = own.losses
    this.#silences = own.silences
  }

  // --- what readers tell ---

  #heard(reader: ReplyReader, silentBecause: TransportError | undefined): void {
    reader.silentBecause = silentBecause
    const current = this.#current
    // A lost one is not used again, whatever its driver finds by itself.
    if (current === undefined || !reader.isReading || reader.lostBecause !== undefined) return
    if (silentBecause === undefined) {
      if (reader === current || current.silentBecause !== undefined) this.#use(reader)
    } else if (reader === current) {
      const other = [...this.#readers].find((it) => it.isHeard)
      if (other !== undefined) return this.#use(other)
      this.#deaf(silentBecause)
    }
  }

  #deaf(silentBecause: TransportError): void {
    this.#calls.hold(silentBecause)
    Queue.offerUnsafe(this.#silences, undefined)
  }

  #lost(reader: ReplyReader, error: TransportError): void {
    reader.lostBecause = error
    // Its topic has other partitions now, or none: then the one that new calls name is lost as well.
    if (reader !== this.#current) return
    Queue.offerUnsafe(this.#losses, error)
    this.#calls.deafen(error)
  }

  /** New calls name its partition from now on. */
  #use(reader: ReplyReader): void {
    if (this.#current !== undefined && this.#current !== reader) this.#current.isDone = this.#calls.mark()
    this.#current = reader
    // A driver may have told something of it before it came to this.
    if (reader.lostBecause !== undefined) this.#lost(reader, reader.lostBecause)
    else if (reader.silentBecause !== undefined) this.#deaf(reader.silentBecause)
    else this.#calls.hearAt(reader.address)
  }

  // --- readers come and go ---

  /** Reads one partition from its end. What a try leaves behind is gone when it has failed or was given up. */
  #read(partition: number): Effect.Effect<ReplyReader, TransportError> {
    const { topic } = this.#options
    return Effect.gen({ self: this }, function* () {
      const reader = new ReplyReader({ topic, partition }, yield* Scope.fork(this.#scope))
      this.#readers.add(reader)
      const reading = this.#transport.readPartition({
        topic,
        partition,
        from: "end",
        ...this.#listener,
        onLost: (error) => this.#lost(reader, error),
        onHearing: (silentBecause) => this.#heard(reader, silentBecause)
      })
      yield* reading.pipe(
        Scope.provide(reader.scope),
        Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : this.#close(reader)))
      )
      reader.isReading = true
      return reader
    })
  }

  #close(reader: ReplyReader): Effect.Effect<void> {
    this.#readers.delete(reader)
    reader.isReading = false
    return Scope.close(reader.scope, Exit.void)
  }

  /** Reads the first of the partitions that can be read now; fails when none can for a reason of its own. */
  start(partitions: number): Effect.Effect<void, TransportError> {
    const candidates = candidatesOf(this.#options, partitions, this.#transport)
    return Effect.gen({ self: this }, function* () {
      if (candidates.length === 1) return this.#use(yield* this.#read(candidates[0]!))
      for (let patience = patienceMillis; ; patience *= 2) {
        let failure: TransportError | undefined
        for (const candidate of candidates) {
          const found = yield* Effect.result(Effect.timeoutOption(this.#read(candidate), patience))
          if (found._tag === "Success") {
            if (Option.isNone(found.success)) continue
            const reader = found.success.value
            if (reader.isHeard) return this.#use(reader)
            yield* this.#close(reader)
          } else if (!found.failure.isRetryable) return yield* Effect.fail(found.failure)
          else failure = found.failure
        }
        if (failure !== undefined) return yield* Effect.fail(failure)
        yield* Effect.sleep(retryMillis)
      }
    })
  }

  /** Waits for a loss and mends it. The lost reader would look for its partition by itself; it cannot take another one. */
  get recover(): Effect.Effect<void> {
    const { topic } = this.#options
    // Asked anew for each try: the topic may be made and deleted more than once on the way.
    const again = Effect.suspend(() =>
      Effect.forEach([...this.#readers], (reader) => this.#close(reader), { discard: true })
    ).pipe(
      Effect.andThen(TopicSetup.partitionsOf(this.#transport.topics, topic)),
      Effect.flatMap((partitions) => this.start(partitions))
    )
    return Effect.gen({ self: this }, function* () {
      const error = yield* Queue.take(this.#losses)
      yield* Effect.logWarning(`the reply partition is lost: ${error.message}; calls fail until there is one again`)
      yield* Effect.retry(again, { schedule: TopicSetup.askAgain }).pipe(
        // Whatever it dies of, the loss is still to be mended.
        Effect.onError(() => Effect.sync(() => Queue.offerUnsafe(this.#losses, error)))
      )
      yield* Effect.logInfo(`replies come to ${topic} again`)
    }).pipe(Effect.ignore)
  }

  /** Waits until nothing is heard, and looks for another partition until something is. */
  get move(): Effect.Effect<void> {
    const { partition: fixed, topic } = this.#options
    return Effect.gen({ self: this }, function* () {
      yield* Queue.take(this.#silences)
      const deaf = this.#current
      if (deaf?.silentBecause === undefined) return
      const { address, silentBecause } = deaf
      yield* Effect.logWarning(
        `replies cannot be read from partition ${address.partition} of ${topic}: ${silentBecause.message}; new calls wait`
      )
      if (fixed !== undefined) return
      while (this.#current?.silentBecause !== undefined) {
        const found = yield* this.#other
        if (this.#current.silentBecause === undefined) {
          // The old one answers again.
          if (found !== undefined && found !== this.#current) yield* this.#close(found)
        } else if (found === undefined) yield* Effect.sleep(patienceMillis)
        else {
          this.#use(found)
          yield* Effect.logInfo(`replies to new calls come to partition ${found.address.partition} of ${topic}`)
        }
      }
    })
  }

  /** Another partition that can be read now. */
  get #other(): Effect.Effect<ReplyReader | undefined> {
    return Effect.gen({ self: this }, function* () {
      const known = new Set(Array.from(this.#readers, ({ address }) => address.partition))
      const partitions = yield* TopicSetup.partitionsOf(this.#transport.topics, this.#options.topic).pipe(
        Effect.timeout(patienceMillis),
        Effect.orElseSucceed(() => this.#options.partitions)
      )
      for (const candidate of candidatesOf(this.#options, partitions, this.#transport)) {
        if (known.has(candidate)) continue
        const found = yield* Effect.option(Effect.timeout(this.#read(candidate), patienceMillis))
        if (Option.isNone(found)) continue
        if (found.value.isHeard) return found.value
        yield* this.#close(found.value)
      }
      return undefined
    })
  }

  /** Closes the readers that no open call names any more. */
  get tidy(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const isOver = (reader: ReplyReader) => reader !== this.#current && reader.isDone()
      // New calls may name one again while another one is being closed.
      return Effect.forEach(
        [...this.#readers].filter(isOver),
        (reader) => Effect.suspend(() => (isOver(reader) ? this.#close(reader) : Effect.void)),
        { discard: true }
      )
    })
  }
}

/** Reads replies as long as the scope is open, and tells `calls` where they come to. */
export const open = Effect.fnUntraced(function* (
  transport: Transport["Service"],
  options: Options,
  calls: AddressedCalls,
  listener: Listener
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  const readers = new ReplyReaders(transport, options, calls, listener, {
    // One for all of them: one that is opened later must not close before the calls in flight are waited for.
    scope: yield* Scope.fork(yield* Scope.Scope),
    losses: yield* Queue.sliding<TransportError>(1),
    silences: yield* Queue.sliding<void>(1)
  })
  yield* readers.start(options.partitions)
  yield* Supervised.fork("the look for a reply partition", Effect.forever(readers.recover))
  yield* Supervised.fork("the change of the reply partition", Effect.forever(readers.move))
  yield* Supervised.fork("the end of old reply readers", Effect.forever(Effect.delay(readers.tidy, closeEvery)))
})
