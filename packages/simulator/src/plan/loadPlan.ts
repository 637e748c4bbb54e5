/**
 * Plans of worlds that are asked for two to four times what they can do, and in which nothing else goes wrong: what is
 * lost there is lost to the load alone.
 */
import * as RandomStream from "../kernel/RandomStream.ts"
import type { Plan, PlannedCall, Settings } from "./Plan.ts"
import { plainCall, plainSettings } from "./plainPlan.ts"

/** How much is asked of one responder, and for how long. */
interface Load {
  readonly concurrency: number
  /** What handlers take on average: each between half and one and a half times as long. */
  readonly millis: number
  readonly times: number
  readonly forMillis: number
}

const from = 300

// Shorter loads show too little, and a plan that was made small is no load any more.
const enoughCalls = 60

/** Whether the plan is one of more work than can be done. */
export const isLoaded = ({ calls, recordFaults, settings, worldFaults }: Plan): boolean =>
  settings.concurrency < 64 && calls.length >= enoughCalls && recordFaults.length + worldFaults.length === 0

const settingsOf = (random: RandomStream.RandomStream, concurrency: number): Settings => ({
  ...plainSettings,
  partitions: random.between(1, 2),
  concurrency,
  // From a backlog that stands in the topic to one that stands in memory.
  maxWaiting: random.pick([4, 12, 1_000]),
  clockSkewMillis: 1_000
})

const callOf = (random: RandomStream.RandomStream, index: number, at: number, millis: number): PlannedCall =>
  plainCall(`c${index}`, at, {
    timeoutMillis: random.pick([150, 150, 600, 1_200]),
    millis: Math.round(millis * (0.5 + random.next()))
  })

/** The plan of a load for one seed in sixty. */
export const loadPlanOf = (seed: number): Plan | undefined => {
  const random = RandomStream.make(seed, "load")
  if (!random.chance(1 / 60)) return undefined
  const load: Load = {
    concurrency: random.between(2, 4),
    millis: random.between(40, 80),
    times: random.pick([2, 3, 4]),
    forMillis: 2_500
  }
  const every = load.millis / (load.concurrency * load.times)
  const count = Math.floor(load.forMillis / every)
  return {
    seed,
    settings: settingsOf(random, load.concurrency),
    calls: Array.from({ length: count }, (_, index) =>
      callOf(random, index, from + Math.round(index * every), load.millis)
    ),
    recordFaults: [],
    worldFaults: []
  }
}
