/**
 * Plans that try one promise each which the plans of everyday hardly touch. Few calls, and nothing else goes wrong.
 */
import type * as RandomStream from "../kernel/RandomStream.ts"
import type { OperationTag, Plan, PlannedCall, WorldFault } from "./Plan.ts"
import { plainCall, wideLimits } from "./plainPlan.ts"

type Random = RandomStream.RandomStream

const plain = (plan: Plan, changes: Partial<Plan["settings"]>): Plan => ({
  ...plan,
  settings: {
    ...plan.settings,
    ...wideLimits,
    responders: 1,
    isCompacted: false,
    skews: plan.settings.skews.map(() => 0),
    ...changes
  },
  recordFaults: [],
  worldFaults: []
})

const callOf = (index: number, at: number, operation: OperationTag, changes: Partial<PlannedCall> = {}): PlannedCall =>
  plainCall(`c${index}`, at, { operation, ...changes })

const times = <A>(count: number, make: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, index) => make(index))

/** Two callers use the same key. */
const sameKey = (random: Random, plan: Plan): Plan => ({
  ...plain(plan, { requesters: 2 }),
  calls: times(random.between(2, 6), (index) =>
    callOf(index, 300 + random.between(0, 200), "Own", { key: "k1", requester: index % 2, millis: 20 })
  )
})

/** Handlers call what could only wait for themselves. */
const circles = (random: Random, plan: Plan): Plan => ({
  ...plain(plan, { responders: random.between(1, 2), quiesceMillis: 300 }),
  calls: times(random.between(1, 3), (index) =>
    callOf(index, 500 + random.between(0, 300), "Relay", { behaviour: "circle", isScattered: true })
  )
})

/** More requests than there is memory for. */
const crowd = (random: Random, plan: Plan): Plan => ({
  ...plain(plan, { maxOpenBytes: 6_000, partitions: 1 }),
  calls: times(12, (index) => callOf(index, 500 + random.between(0, 5), "Do", { millis: random.between(60, 100) }))
})

/** Many calls without a key between two with the same one, where little is kept. */
const manyMarks = (random: Random, plan: Plan): Plan => ({
  ...plain(plan, { dedupeBytes: 4_000 }),
  calls: [
    callOf(0, 300, "Put", { key: "k1" }),
    ...times(12, (index) => callOf(index + 1, 400 + random.between(0, 100), "Mark")),
    callOf(13, 800, "Put", { key: "k1" })
  ]
})

const quick: ReadonlyArray<OperationTag> = ["Read", "Put", "Take", "Do"]

/** Quick calls before and after something that happens to the log of requests. */
const around = (random: Random, plan: Plan, changes: Partial<Plan["settings"]>, fault: WorldFault): Plan => ({
  ...plain(plan, { partitions: 1, ...changes }),
  calls: times(random.between(4, 10), (index) => {
    const operation = random.pick(quick)
    const key = operation === "Put" || operation === "Take" ? `own-${index}` : undefined
    return callOf(index, random.between(200, 1_600), operation, { key })
  }),
  worldFaults: random.chance(0.5) ? [fault] : [fault, { kind: "rebalance", at: fault.at + random.between(-50, 600) }]
})

const midst = 800

const damagedLog = (random: Random, plan: Plan): Plan =>
  around(random, plan, { isWatched: true }, { kind: "damage", at: midst, partition: 0, count: random.between(1, 3) })

const shortenedLog = (random: Random, plan: Plan): Plan =>
  around(
    random,
    plan,
    {},
    { kind: "cut-off", at: midst, partition: 0, count: random.between(1, 3), isBlind: random.chance(0.5) }
  )

const remadeTopic = (random: Random, plan: Plan): Plan => around(random, plan, {}, { kind: "remake", at: midst })

const trials = [sameKey, circles, crowd, manyMarks, damagedLog, shortenedLog, remadeTopic]

export const trialOf = (random: Random, plan: Plan): Plan => random.pick(trials)(random, plan)
