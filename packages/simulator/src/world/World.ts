/**
 * One history as it unfolds: boots the programs, breaks what the plan says, waits until everything has settled, closes,
 * and counts what is left.
 *
 * Phases: work (until every call has ended or its program died) → settle (until what was taken is committed) → close
 * (until every program is closed) → over.
 */
import { StartError } from "@kafka-request-reply/core/StartError"
import type { MemoryBroker } from "@kafka-request-reply/core/MemoryBroker"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Cluster } from "../cluster/Cluster.ts"
import { deadLetters } from "../cluster/damage.ts"
import { RecordFaults } from "../cluster/RecordFault.ts"
import type { Happening } from "../history/Event.ts"
import { EventLog } from "../history/EventLog.ts"
import { Host } from "../kernel/Host.ts"
import * as RandomStream from "../kernel/RandomStream.ts"
import type { VirtualClock } from "../kernel/VirtualClock.ts"
import type { Decorators } from "../mutants/Decorators.ts"
import type { Plan, Role } from "../plan/Plan.ts"
import { CallBook } from "./CallBook.ts"
import { makeCall } from "./caller.ts"
import { groupId, inflict } from "./inflict.ts"
import { probeOf } from "./probe.ts"
import type { Program } from "./Program.ts"
import { type ProgramEnvironment, requesterProgram, responderProgram } from "./programs.ts"

export type Phase = "work" | "settle" | "close" | "over"
/** No call, fault or restart of a plan reaches further than this. */
const workMillis = 40_000
const settleMillis = 8_000
const probeMillis = 6_000
const closeMillis = 40_000

export class World {
  phase: Phase = "work"
  readonly log: EventLog
  readonly cluster: Cluster
  /** Every program that was ever started, the dead ones too. */
  readonly programs: Array<Program> = []
  readonly plan: Plan
  readonly #clock: VirtualClock
  readonly #decorators: Decorators
  readonly #current = new Map<string, Program>()
  readonly #incarnations = new Map<string, number>()
  readonly #networks = new Map<string, RandomStream.RandomStream>()
  readonly #calls: CallBook
  #runs = 0

  constructor(plan: Plan, clock: VirtualClock, broker: MemoryBroker["Service"], decorators: Decorators) {
    this.plan = plan
    this.#clock = clock
    this.#decorators = decorators
    this.log = new EventLog(clock.now)
    this.#calls = new CallBook(plan.calls)
    const { heartbeatMillis, leaders, sessionTimeoutMillis } = plan.settings
    this.cluster = new Cluster({
      broker,
      timers: clock,
      randomOf: (host) => this.#network(host),
      faults: new RecordFaults(plan.recordFaults),
      leaders,
      sessionTimeoutMillis,
      heartbeatMillis,
      onEvent: (who, happening) => this.log.add(who, happening)
    })
  }

  begin(): void {
    const { partitions, replyPartitions, requesters, responders } = this.plan.settings
    for (const [name, count] of [
      ["sim.requests", partitions],
      ["sim.replies", replyPartitions],
      ["sim.control", 1],
      ...(this.plan.settings.isWatched === true ? ([[deadLetters, 1]] as const) : [])
    ] as const) {
      const isCompacted = this.plan.settings.isCompacted && name === "sim.replies"
      const configs = isCompacted ? { "cleanup.policy": "compact" } : {}
      this.cluster.createTopic({ name, partitions: count, replicationFactor: 1, configs })
    }
    const order = RandomStream.make(this.plan.seed, "boot")
    for (let index = 0; index < responders; index++) {
      this.#clock.after(order.between(0, 40), () => this.#boot("responder", index))
    }
    for (let index = 0; index < requesters; index++) {
      this.#clock.after(order.between(0, 40), () => this.#boot("requester", index))
    }
    const trouble = {
      cluster: this.cluster,
      timers: this.#clock,
      settings: this.plan.settings,
      log: this.log,
      current: (role: Role, index: number) => this.#current.get(`${role}-${index}`),
      boot: (role: Role, index: number) => this.#boot(role, index),
      onDeath: ({ host }: Program) => {
        this.#calls.died(host.name)
        this.#settleWhenDone()
      }
    }
    for (const fault of this.plan.worldFaults) this.#clock.after(fault.at, () => inflict(trouble, fault))
    this.#clock.after(workMillis, () => this.#settle())
  }

  // --- programs ---

  #network(host: string): RandomStream.RandomStream {
    let random = this.#networks.get(host)
    if (random === undefined) {
      this.#networks.set(host, (random = RandomStream.make(this.plan.seed, `network of ${host}`)))
    }
    return random
  }

  #boot(role: Role, index: number): void {
    if (this.phase !== "work" && !(role === "responder" && this.phase === "settle")) return
    const place = `${role}-${index}`
    const incarnation = this.#incarnations.get(place) ?? 0
    this.#incarnations.set(place, incarnation + 1)
    const name = incarnation === 0 ? place : `${place}.${incarnation}`
    const onEvent = (happening: Happening): void => this.#on(program, happening)
    const host = new Host(this.#clock, {
      name,
      seed: this.plan.seed,
      skewMillis: role === "responder" ? (this.plan.settings.skews[index] ?? 0) : 0,
      onLog: (level, message) => onEvent({ type: "logged", level, message })
    })
    let resume: (() => void) | undefined
    const program: Program = {
      role,
      index,
      host,
      stop: () => {
        program.isStopping = true
        resume?.()
      },
      isStopping: false,
      isClosed: false,
      isReady: false,
      requester: undefined,
      client: undefined
    }
    this.programs.push(program)
    this.#current.set(place, program)
    onEvent({ type: "booted" })
    const environment: ProgramEnvironment = {
      cluster: this.cluster,
      process: {
        name,
        random: this.#network(name),
        isAlive: () => host.state !== "dead",
        run: (task) => host.run(task)
      },
      settings: this.plan.settings,
      decorators: this.#decorators,
      onEvent,
      stopped: Effect.callback<void>((done) => {
        if (program.isStopping) done(Effect.void)
        else resume = () => done(Effect.void)
      })
    }
    const body =
      role === "requester"
        ? requesterProgram(
            environment,
            () => this.#calls.take(index, name),
            (requester, client) => {
              program.requester = requester
              program.client = client
            }
          )
        : responderProgram(
            environment,
            () => ++this.#runs,
            this.plan.calls.some(({ operation }) => operation === "Relay")
          )
    const fiber = Effect.runForkWith(host.context)(Effect.scoped(body))
    fiber.addObserver((exit) => this.#onExit(program, exit))
  }

  #onExit(program: Program, exit: Exit.Exit<void, unknown>): void {
    program.isClosed = true
    const { host, index, role } = program
    if (Exit.isSuccess(exit)) this.log.add(host.name, { type: "closed" })
    else {
      const error = Cause.squash(exit.cause)
      const detail = error instanceof Error ? error.message : String(error)
      this.log.add(host.name, { type: "failed", detail, isStartError: error instanceof StartError })
    }
    // As an orchestrator does.
    if (Exit.isFailure(exit)) this.#clock.after(300, () => this.#boot(role, index))
    this.#closeWhenAll()
  }

  #on(program: Program, happening: Happening): void {
    this.log.add(program.host.name, happening)
    if (happening.type === "ready") program.isReady = true
    if (happening.type === "called") this.#calls.called(happening.call)
    if (happening.type !== "ended") return
    this.#calls.ended(happening.call)
    this.#count(program)
    this.#settleWhenDone()
  }

  /** What a requester holds must never be more than the calls that wait. */
  #count(program: Program): void {
    if (program.requester === undefined) return
    const waiting = this.#calls.openAt(program.host.name)
    const held = Effect.runSync(program.requester.inFlight)
    if (held > this.plan.settings.maxInFlight)
      this.log.add(program.host.name, { type: "counted", what: "more in flight than maxInFlight", count: held })
    if (held > waiting)
      this.log.add(program.host.name, { type: "counted", what: "entries without a caller", count: held })
  }

  // --- phases ---

  #settleWhenDone(): void {
    if (this.phase === "work" && this.#calls.isOver) this.#clock.after(1, () => this.#settle())
  }

  #settle(): void {
    if (this.phase !== "work") return
    this.phase = "settle"
    // Faults that are still to come would fall into the closing.
    const last = Math.max(0, ...this.plan.worldFaults.map((fault) => fault.at + ("millis" in fault ? fault.millis : 0)))
    const quietIn = Math.max(0, last - this.log.elapsed()) + settleMillis
    this.#clock.after(quietIn, () => this.#probe())
    this.#clock.after(quietIn + probeMillis, () => this.#close())
  }

  /** When all is quiet again, every requester makes one more call. */
  #probe(): void {
    for (const program of this.#current.values()) {
      const { client, host, index, isReady } = program
      if (program.isClosed || program.isStopping || host.state !== "up") continue
      if (!isReady) this.log.add(host.name, { type: "counted", what: "programs that are not ready", count: 1 })
      if (client === undefined) continue
      const call = probeOf(index)
      this.#calls.open(call.name, host.name)
      Effect.runForkWith(host.context)(makeCall(client, call, (happening) => this.#on(program, happening)))
    }
  }

  #close(): void {
    this.phase = "close"
    this.#recordCommitted()
    for (const program of this.programs) {
      if (program.isClosed || program.host.state === "dead") continue
      program.host.resume()
      program.host.run(() => program.stop())
    }
    this.#clock.after(closeMillis, () => this.#end())
    this.#closeWhenAll()
  }

  #closeWhenAll(): void {
    if (this.phase !== "close") return
    if (this.programs.every(({ host, isClosed }) => isClosed || host.state === "dead")) {
      // What was detached gets its turn to end.
      this.#clock.after(50, () => this.#end())
    }
  }

  #end(): void {
    if (this.phase === "over") return
    this.phase = "over"
    for (const { host, isClosed } of this.programs) {
      if (!isClosed && host.state !== "dead") this.log.add(host.name, { type: "counted", what: "not closed", count: 1 })
    }
  }

  #recordCommitted(): void {
    const { broker } = this.cluster.options
    for (let partition = 0; partition < this.plan.settings.partitions; partition++) {
      const end = broker.log({ topic: "sim.requests", partition })?.end ?? 0
      const offset = this.cluster.group(groupId).committed({ topic: "sim.requests", partition })?.offset ?? 0
      if (offset < end) {
        this.log.add("cluster", {
          type: "counted",
          what: `requests not committed in partition ${partition}`,
          count: end - offset
        })
      }
    }
  }
}
