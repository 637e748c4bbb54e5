/**
 * A simulated process: what runs in it can be killed without finalizers, held for a while, or given a wrong clock.
 *
 * Everything a host's fibers do passes through `run`, so a dead host's fibers simply never get another turn.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import { Entropy } from "@kafka-request-reply/core/simulator/host/Entropy"
import { EventLoop } from "@kafka-request-reply/core/simulator/host/EventLoop"
import * as RandomStream from "./RandomStream.ts"
import { CallbackError } from "./CallbackError.ts"
import type { Task } from "./RunQueue.ts"
import { clockOf, type Timers, type VirtualClock } from "./VirtualClock.ts"

/** What a metric says. */
export interface Reading {
  readonly name: string
  readonly labels: string
  readonly value: number
}

export interface HostOptions {
  readonly name: string
  readonly seed: number
  /** Added to its wall clock, milliseconds. */
  readonly skewMillis: number
  /** Told of every line the program logs. */
  readonly onLog: (level: string, message: string) => void
}

const messageOf = (message: unknown): string =>
  Array.isArray(message) ? message.filter((part) => typeof part === "string").join(" ") : String(message)

export class Host {
  readonly name: string
  state: "up" | "paused" | "dead" = "up"
  /** When it went down for good, or undefined while it lives. */
  diedAt: number | undefined
  /** The metrics of the program, its own. */
  readonly metrics: Metric.MetricRegistry = new Map()
  /** What fibers of this host run with. */
  readonly context: Context.Context<never>
  readonly skewMillis: number
  /** Timers that have not fired and were not cancelled. */
  timers = 0
  readonly #clock: VirtualClock
  #held: Array<Task> = []

  constructor(clock: VirtualClock, { name, onLog, seed, skewMillis }: HostOptions) {
    this.name = name
    this.skewMillis = skewMillis
    this.#clock = clock
    const { queue } = clock
    const scheduler: Scheduler.Scheduler = {
      executionMode: "async",
      shouldYield: (fiber) => queue.shouldYield(fiber),
      makeDispatcher: () => {
        const dispatcher = queue.makeDispatcher()
        return {
          scheduleTask: (task, priority) => dispatcher.scheduleTask(() => this.run(task), priority),
          flush: () => dispatcher.flush()
        }
      }
    }
    const timers: Timers = { now: clock.now, after: (millis, task) => this.#after(millis, task) }
    const chance = RandomStream.make(seed, `chance of ${name}`)
    const secret = RandomStream.make(seed, `entropy of ${name}`)
    const logger = Logger.make(({ logLevel, message }) => onLog(logLevel, messageOf(message)))
    this.context = Context.make(Scheduler.Scheduler, scheduler).pipe(
      Context.add(Clock.Clock, clockOf(timers, skewMillis)),
      Context.add(Random.Random, {
        nextDoubleUnsafe: chance.next,
        nextIntUnsafe: () => Math.floor(chance.next() * Number.MAX_SAFE_INTEGER)
      }),
      Context.add(Entropy, { bytes: (count) => Uint8Array.from({ length: count }, () => secret.between(0, 255)) }),
      Context.add(EventLoop, { nextTurn: (callback) => queue.enqueue(() => this.run(callback)) }),
      Context.add(Metric.MetricRegistry, this.metrics),
      Context.add(Logger.CurrentLoggers, new Set([logger]))
    )
  }

  /** Every metric of the program with each of its labels' values. */
  readings(): ReadonlyArray<Reading> {
    return Metric.snapshotUnsafe(this.context).flatMap(({ attributes, id, state }) => {
      const value = "count" in state ? state.count : "value" in state ? state.value : undefined
      return typeof value === "number" ? [{ name: id, labels: Object.values(attributes ?? {}).join(" "), value }] : []
    })
  }

  #after(millis: number, task: Task): () => void {
    let isLive = true
    const over = (): void => {
      if (isLive) this.timers--
      isLive = false
    }
    this.timers++
    const cancel = this.#clock.after(millis, () => {
      over()
      this.run(task)
    })
    return () => {
      over()
      cancel()
    }
  }

  /** Runs a task in this process: now, when it goes on, or never. */
  run(task: Task): void {
    if (this.state === "up") this.#attempt(task)
    else if (this.state === "paused") this.#held.push(task)
  }

  /** What a planned callback throws may come up to here, as it may reach the handler of uncaught exceptions. */
  #attempt(task: Task): void {
    try {
      task()
    } catch (thrown) {
      if (!(thrown instanceof CallbackError)) throw thrown
    }
  }

  /** A crash: no finalizer runs, no socket is closed properly. */
  kill(): void {
    this.state = "dead"
    this.diedAt = this.#clock.now()
    this.#held = []
  }

  /** Stops it as SIGSTOP or a long collection of garbage does. */
  pause(): void {
    if (this.state === "up") this.state = "paused"
  }

  /** Goes on: expired timers and what came in meanwhile first, in their order, then what they lead to. */
  resume(): void {
    if (this.state !== "paused") return
    this.state = "up"
    const held = this.#held
    this.#held = []
    for (const task of held) this.run(task)
  }
}
