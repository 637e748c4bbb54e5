/**
 * Runs one plan from beginning to end, on virtual time and without giving way to the host's event loop.
 */
import { make as makeBroker } from "@kafka-request-reply/core/MemoryBroker"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Event } from "../history/Event.ts"
import { lineOf } from "../history/Event.ts"
import * as RandomStream from "../kernel/RandomStream.ts"
import { RunQueue } from "../kernel/RunQueue.ts"
import { clockOf, VirtualClock } from "../kernel/VirtualClock.ts"
import * as Decorators from "../mutants/Decorators.ts"
import { judge, type Violation } from "../oracles/judge.ts"
import type { Plan } from "../plan/Plan.ts"
import { World } from "../world/World.ts"

export interface History {
  readonly plan: Plan
  readonly events: ReadonlyArray<Event>
  readonly violations: ReadonlyArray<Violation>
  readonly steps: number
  readonly virtualMillis: number
  /** Metrics of all programs, as `name label=value`. */
  readonly world: World
}

// A history takes some thousand steps; one that takes this many runs in circles.
const maxSteps = 2_000_000

/** Why a history could not be told to its end; undefined when it could. */
const drive = (world: World, clock: VirtualClock): Omit<Violation, "at"> | undefined => {
  const { queue } = clock
  try {
    for (;;) {
      if (queue.steps > maxSteps) return { rule: "it ends", detail: `it runs in circles: ${maxSteps} steps` }
      if (queue.runOne()) continue
      if (world.phase === "over") return undefined
      if (!clock.advance()) return { rule: "it ends", detail: "nothing will ever happen again, and not all is over" }
    }
  } catch (error) {
    // A callback of the engine let something out: in a real program it would have killed the process.
    return { rule: "nothing is thrown", detail: String(error) }
  }
}

export const runHistory = (plan: Plan, decorators: Decorators.Decorators = Decorators.none): History => {
  const queue = new RunQueue(RandomStream.make(plan.seed, "schedule"), plan.settings.preemption)
  const clock = new VirtualClock(queue)
  const broker = Effect.runSync(Effect.provideService(makeBroker, Clock.Clock, clockOf(clock)))
  const world = new World(plan, clock, broker, decorators)
  world.begin()
  const broken = drive(world, clock)
  const { events } = world.log
  const violations = broken === undefined ? judge(plan, events, world) : [{ ...broken, at: world.log.elapsed() }]
  return { plan, events, violations, steps: queue.steps, virtualMillis: world.log.elapsed(), world }
}

/** The event log as text: what two runs of one plan are compared by. */
export const traceOf = ({ events }: History): string => events.map(lineOf).join("\n")
