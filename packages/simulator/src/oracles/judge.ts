/**
 * All oracles over one history.
 */
import type { Event } from "../history/Event.ts"
import type { Plan } from "../plan/Plan.ts"
import type { World } from "../world/World.ts"
import { ancestors } from "./ancestors.ts"
import { budget } from "./budget.ts"
import { cancellation } from "./cancellation.ts"
import { commits } from "./commits.ts"
import { counts } from "./counts.ts"
import { damage } from "./damage.ts"
import { deduplication } from "./deduplication.ts"
import { explained } from "./explained.ts"
import { factsOf } from "./Facts.ts"
import { healing } from "./healing.ts"
import { hearing } from "./hearing.ts"
import { hedging } from "./hedging.ts"
import { keyOrder } from "./keyOrder.ts"
import { limits } from "./limits.ts"
import { noRepeat } from "./noRepeat.ts"
import { lives } from "./lives.ts"
import { nothingLeft } from "./nothingLeft.ts"
import { refusedReplies } from "./refusedReplies.ts"
import { outcomes } from "./outcomes.ts"
import { overload } from "./overload.ts"
import { ownership } from "./ownership.ts"
import { programs } from "./programs.ts"
import { correlation } from "./correlation.ts"
import type { Violation } from "./Violation.ts"
import { certainty } from "./certainty.ts"

export type { Violation } from "./Violation.ts"

/** What the history broke, first things first; empty when it kept every promise. */
export const judge = (plan: Plan, events: ReadonlyArray<Event>, world: World): ReadonlyArray<Violation> => {
  const facts = factsOf(plan, events)
  return [
    ...outcomes(events),
    ...correlation(facts),
    ...certainty(facts),
    ...explained(facts),
    ...deduplication(facts),
    ...keyOrder(facts),
    ...commits(facts),
    ...noRepeat(facts),
    ...ownership(facts),
    ...nothingLeft(facts, world),
    ...counts(facts, world),
    ...programs(facts),
    ...limits(facts),
    ...hedging(facts),
    ...lives(facts),
    ...cancellation(facts),
    ...budget(facts),
    ...overload(facts),
    ...healing(facts),
    ...hearing(facts),
    ...damage(facts),
    ...ancestors(facts),
    ...refusedReplies(facts, world)
  ].toSorted((a, b) => a.at - b.at)
}
