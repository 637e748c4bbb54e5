/**
 * Effect's scheduler, replaced: every fiber, timer and callback of all simulated programs waits here, and the seed says
 * whose turn it is.
 *
 * Tasks of one fiber keep their order; between fibers any order is possible. With a preemption probability a fiber may
 * also have to give way at any operation, as if the host had run something else in between.
 */
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type { RandomStream } from "./RandomStream.ts"

export type Task = () => void

interface Lane {
  readonly priority: number
  readonly tasks: Array<Task>
}

export class RunQueue implements Scheduler.Scheduler {
  readonly executionMode = "async"
  /** Tasks that were run. */
  steps = 0
  readonly #random: RandomStream
  readonly #preemption: number
  // Lanes that have a task, in no order: the seed picks.
  readonly #ready: Array<Lane> = []
  #prioritised = 0

  constructor(random: RandomStream, preemption: number) {
    this.#random = random
    this.#preemption = preemption
  }

  get size(): number {
    return this.#ready.length
  }

  // Never at the first operation of a turn: no real scheduler does it, since the count starts anew with each turn, and
  // Effect 4.1 relies on that. A fiber that is interrupted before its first turn would give way before the interruption,
  // begin after all, and never hear of it again.
  shouldYield({ cache, currentOpCount }: Fiber.Fiber<unknown, unknown>): boolean {
    if (this.#preemption === 0) return currentOpCount >= cache.maxOpsBeforeYield
    return currentOpCount > 1 && this.#random.next() < this.#preemption
  }

  /** Queues a task that belongs to no fiber: a timer, a callback of the cluster. */
  enqueue(task: Task): void {
    this.#ready.push({ priority: 0, tasks: [task] })
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    const lanes = new Map<number, Lane>()
    return {
      scheduleTask: (task, priority) => {
        let lane = lanes.get(priority)
        if (lane === undefined) lanes.set(priority, (lane = { priority, tasks: [] }))
        if (lane.tasks.push(task) > 1) return
        this.#ready.push(lane)
        if (priority !== 0) this.#prioritised++
      },
      flush: () => {
        while (this.runOne());
      }
    }
  }

  /** Runs one task; false when there is none. */
  runOne(): boolean {
    const count = this.#ready.length
    if (count === 0) return false
    const index = this.#prioritised === 0 ? this.#pick(count) : this.#pickPrioritised()
    const lane = this.#ready[index]!
    const task = lane.tasks.shift()!
    if (lane.tasks.length === 0) {
      const last = this.#ready.pop()!
      if (last !== lane) this.#ready[index] = last
      if (lane.priority !== 0) this.#prioritised--
    }
    this.steps++
    task()
    return true
  }

  #pick(count: number): number {
    return count === 1 ? 0 : Math.floor(this.#random.next() * count)
  }

  // The lowest number goes first, as in Effect's own scheduler.
  #pickPrioritised(): number {
    let lowest = Number.POSITIVE_INFINITY
    for (const { priority } of this.#ready) lowest = Math.min(lowest, priority)
    const eligible: Array<number> = []
    for (const [index, { priority }] of this.#ready.entries()) if (priority === lowest) eligible.push(index)
    return eligible[this.#pick(eligible.length)]!
  }
}
