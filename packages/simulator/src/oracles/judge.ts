/**
 * All oracles over one history.
 */
import type { Event } from "../history/Event.ts"
import type { Plan } from "../plan/Plan.ts"
import type { World } from "../world/World.ts"
import type { Violation } from "./Violation.ts"
import { oneOutcome } from "./oneOutcome.ts"

export type { Violation } from "./Violation.ts"

export const judge = (plan: Plan, events: ReadonlyArray<Event>, _world: World): ReadonlyArray<Violation> => [
  ...oneOutcome(plan, events)
]
