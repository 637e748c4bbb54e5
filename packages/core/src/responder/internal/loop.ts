/**
 * Drives the machine: events go into its steps, then its commands are carried out, each foreign call guarded. Steps never
 * run inside each other: what comes in while commands are carried out changes the state at once, and its commands wait
 * for their turn at the end of the list.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { toLatin1 } from "../../wire/Bytes.ts"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ConsumedRecord, UndecodableBatch } from "../../kafka/KafkaRecord.ts"
import type { AssignedPartition } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { called } from "./ancestry.ts"
import * as Claims from "./claims.ts"
import type { Carrier } from "./commands.ts"
import { Condition } from "./condition.ts"
import { Execution, failure, type ExecutionDependencies } from "./execute.ts"
import type { LoopDependencies } from "./loopDependencies.ts"
import { Machine } from "./machine.ts"
import type { PartitionCommit } from "./ownership.ts"
import type { Replies } from "./reply.ts"
import type { Fates, Outgoing } from "./replyPublication.ts"
import * as Runs from "./runs.ts"
import type { Ended, Run, TakenRecord } from "./state.ts"
import * as Step from "./step.ts"
import { tick } from "./deadlines.ts"
import { keepOwn } from "./retention.ts"

// How long the bytes of a fetch may be kept by records that are not done, beyond what is counted.
const ownWithinMillis = 20

export class Loop {
  readonly machine: Machine
  readonly replies: Replies
  readonly #environment: LoopDependencies
  readonly #execution: ExecutionDependencies
  readonly #idle: Condition
  readonly #stopped: Condition
  /** Runs that ended, and how. */
  #ended: Array<readonly [Run, Ended]> = []
  /** Records whose replies or dead letters have been written, or never will be. */
  #written: Array<TakenRecord> = []
  #isTurnDue = false
  #isCarrying = false
  #isBroken = false
  #requestIds = 0

  constructor(environment: LoopDependencies) {
    this.#environment = environment
    const machine = new Machine(environment.settings)
    this.machine = machine
    // What a broken bookkeeping has open is not done here: only what was interrupted has to end.
    this.#idle = new Condition(() => (this.#isBroken ? machine.runs.size : machine.ownership.open) === 0)
    this.#stopped = new Condition(() => machine.runs.size === 0)
    const fates: Fates = {
      written: (publication) => {
        this.replies.written(publication)
        this.#onWritten(publication.taken)
      },
      refused: (publication, error) => this.#onRefused(publication, error)
    }
    this.replies = environment.replies(fates, (taken) => this.#onWritten(taken))
    this.#execution = {
      ...environment.execution,
      claim: (run, id, fingerprint, identity) => this.#claim(run, id, fingerprint, identity),
      onStarted: (run, isForked) => this.#step(() => Runs.started(machine, run, isForked, this.#now()))
    }
  }

  // --- events ---

  assigned(partitions: ReadonlyArray<AssignedPartition>): void {
    this.#step(() => Step.assigned(this.machine, partitions))
  }

  /** Takes records, in order, as long as there is room; returns how many. */
  records(batch: ReadonlyArray<ConsumedRecord>): number {
    const { clock } = this.#environment
    return this.#take(0, (machine, at) => Step.records(machine, batch, at, clock.currentTimeMillisUnsafe()))
  }

  /** A batch in the place of its records. False when there is no room for it: its partition waits. */
  undecodable(batch: UndecodableBatch): boolean {
    return this.#take(false, (machine, at) => Step.undecodable(machine, batch, at))
  }

  #take<A>(nothing: A, step: (machine: Machine, at: number) => A): A {
    const { machine } = this
    let taken = nothing
    keepOwn(machine)
    machine.isTaking = true
    this.#step(() => {
      const at = this.#now()
      taken = step(machine, at)
      if (machine.fresh.length > 0) machine.wakeBy(at + ownWithinMillis)
    })
    machine.isTaking = false
    return taken
  }

  cancelled(correlationIds: ReadonlyArray<Uint8Array>): void {
    this.#step(() => Step.cancelled(this.machine, correlationIds.map(toLatin1), this.#now()))
  }

  /** Starts nothing more, and forgets what has not started, so that it is delivered again: until the next assignment, or for good. */
  hold(isForGood = false): void {
    this.#step(() => Step.hold(this.machine, isForGood))
  }

  /** The timer: returns when something is due next. */
  due(at: number): number {
    keepOwn(this.machine)
    this.#step(() => tick(this.machine, at))
    return this.machine.dueAt
  }

  /** Interrupts everything that runs and waits for its end; what has no answer is left to the next owner. */
  readonly abort: Effect.Effect<void> = Effect.suspend(() => {
    this.#step(() => Step.abort(this.machine))
    return this.#stopped.met
  })

  /** Waits until nothing that was started is open, at most so long; false when something still is. */
  idleWithin(millis: number): Effect.Effect<boolean> {
    return this.#idle.metWithin(millis)
  }

  commits(): ReadonlyArray<PartitionCommit> {
    return this.#isBroken ? [] : this.machine.ownership.commits()
  }

  confirm(commits: ReadonlyArray<PartitionCommit>): void {
    this.machine.ownership.confirm(commits)
  }

  // --- turns ---

  #now(): number {
    return monotonicMillis(this.#environment.clock)
  }

  #step(step: () => void): void {
    if (this.#isBroken) return
    try {
      step()
    } catch (cause) {
      return this.#broken(cause)
    }
    this.#turn()
  }

  #claim(run: Run, id: string, fingerprint: string, identity: string | undefined): Claims.Claimed {
    let claimed: Claims.Claimed = { _tag: "Stop" }
    this.#step(() => {
      claimed = Claims.claim(this.machine, run, id, fingerprint, this.#now(), identity)
    })
    return claimed
  }

  /** Carries out what the machine wants, until it wants nothing more. */
  #turn(): void {
    if (this.#isCarrying) return
    this.#isCarrying = true
    const { machine } = this
    try {
      do {
        this.#settleEnded()
        machine.leaseUntil = this.#environment.leaseUntil()
        Step.advance(machine, this.#now())
        while (!machine.commands.isEmpty && !this.#isBroken) machine.commands.carryOut(this.#carrier)
      } while (this.#ended.length > 0 && !this.#isBroken)
    } catch (cause) {
      this.#broken(cause)
    } finally {
      this.#isCarrying = false
    }
    this.#report()
  }

  #settleEnded(): void {
    while (this.#ended.length > 0) {
      const batch = this.#ended
      this.#ended = []
      const at = this.#now()
      for (const [run, result] of batch) Runs.ended(this.machine, run, result, at)
    }
  }

  #report(): void {
    const { machine } = this
    const { onDue, onProgress, recorder } = this.#environment
    recorder.running(machine.runs.size)
    recorder.open(machine.ownership.open)
    recorder.overdue(machine.overdue)
    recorder.bytes(machine.bytes)
    recorder.evicted(machine.evicted)
    machine.evicted = 0
    if (machine.hasProgress) {
      machine.hasProgress = false
      onProgress()
    }
    onDue(machine.dueAt)
    this.#signal()
  }

  #signal(): void {
    this.#idle.changed()
    this.#stopped.changed()
  }

  #broken(cause: unknown): void {
    if (this.#isBroken) return
    this.#isBroken = true
    for (const fiber of Step.broken(this.machine)) fiber.interruptUnsafe()
    this.#environment.onBroken(cause)
    this.#signal()
  }

  // --- what comes back ---

  /** Acknowledgements come one by one, and are an event together. */
  #onWritten(taken: TakenRecord): void {
    this.#written.push(taken)
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#environment.eventLoop.nextTurn(() => {
      this.#isTurnDue = false
      const batch = this.#written
      this.#written = []
      this.#step(() => Step.written(this.machine, batch))
    })
  }

  #onRefused(publication: Outgoing, error: TransportError): void {
    const { taken } = publication
    if (error.reason._tag === "TransportClosed") return this.#step(() => Step.unsent(this.machine, taken))
    if (!this.replies.refused(publication, error)) this.#onWritten(taken)
  }

  #onExit(run: Run, exit: Exit.Exit<Ended, never>): void {
    let result: Ended
    if (Exit.isSuccess(exit)) result = exit.value
    else if (run.stop === "draining") result = { _tag: "Stopped" }
    else {
      // A value that is no effect, where one was due, ends a fiber without running what would catch it.
      this.#environment.fork(Effect.logError(`the answer of ${called(run.request)} could not be made`, exit.cause))
      result = failure
    }
    this.#ended.push([run, result])
    if (!this.#isBroken) return this.#turn()
    this.machine.runs.delete(run)
    this.#signal()
  }

  // --- commands ---

  readonly #carrier: Carrier = {
    start: (run) => {
      const execution = new Execution(this.#execution, run, this.#requestIds++)
      const begun = execution.begin()
      if (Exit.isExit(begun)) return this.#onExit(run, begun as Exit.Exit<Ended>)
      const fiber = Effect.runForkWith(execution.context())(begun, { uninterruptible: true })
      run.fiber = fiber
      if (run.stop !== undefined) fiber.interruptUnsafe()
      fiber.addObserver((exit) => this.#onExit(run, exit))
    },
    interrupt: ({ fiber }) => fiber?.interruptUnsafe(),
    reply: (taken, reply) => this.replies.send(taken, reply),
    deadLetter: (taken, reason) => this.replies.sendDeadLetter(taken, reason),
    ended: (request, outcome, millis) => {
      const { envelope, record } = request
      this.#environment.recorder.answered(envelope.operation, outcome, millis)
      this.#environment.listener(envelope.operation, envelope.attempt, record, outcome, millis)
    },
    refused: (record, { attempt, count, kind, operation, outcome, reason }) => {
      this.#environment.recorder.notExecuted(kind, record, reason, count)
      if (kind !== "redelivered") this.#environment.listener(operation ?? "", attempt ?? 1, record, outcome ?? kind, 0)
    },
    lost: (record, losses) => this.#environment.recorder.lost(record, losses),
    resume: (partition) => this.#environment.onCapacity(partition),
    overdue: ({ request }) => this.#environment.recorder.unstoppable(request.record, called(request)),
    repeated: (kind) => this.#environment.recorder.duplicate(kind),
    abandoned: () => this.#environment.recorder.replyAbandoned()
  }
}
