/**
 * From a seed to a plan. A third of all plans have no fault at all, so that what only works by accident is seen; the rest
 * have a few, since many at once explain everything. One in sixty is a load and nothing else (`loadPlan`).
 */
import { type RecordFault, recordFaultKinds } from "../cluster/RecordFault.ts"
import { loadPlanOf } from "./loadPlan.ts"
import * as RandomStream from "../kernel/RandomStream.ts"
import { trialOf } from "./trials.ts"
import type { Behaviour, OperationTag, Plan, PlannedCall, Role, Settings, WorldFault } from "./Plan.ts"

const operations: ReadonlyArray<OperationTag> = ["Read", "Read", "Put", "Put", "Take", "Take", "Do", "Do", "Relay"]
const behaviours: ReadonlyArray<Behaviour> = [
  "ok",
  "ok",
  "ok",
  "ok",
  "ok",
  "refuse",
  "final",
  "die",
  "quit",
  "huge",
  "stubborn"
]

/** How large a world is. Most bugs show in a small one, which takes a fraction of the time. */
interface Size {
  readonly requesters: number
  readonly responders: number
  readonly partitions: number
  readonly calls: number
}

const sizeOf = (random: RandomStream.RandomStream): Size => {
  const draw = random.next()
  if (draw < 0.6) {
    return {
      requesters: 1,
      responders: random.pick([1, 1, 2]),
      partitions: random.pick([1, 1, 2]),
      calls: random.between(1, 6)
    }
  }
  if (draw < 0.9) {
    return {
      requesters: random.between(1, 2),
      responders: random.between(1, 3),
      partitions: random.between(1, 3),
      calls: random.between(2, 9)
    }
  }
  return {
    requesters: random.between(1, 4),
    responders: random.between(1, 4),
    partitions: random.between(1, 6),
    calls: random.between(4, 14)
  }
}

const settingsOf = (random: RandomStream.RandomStream, { partitions, requesters, responders }: Size): Settings => {
  const isTight = random.chance(0.15)
  return {
    requesters,
    responders,
    partitions,
    replyPartitions: random.between(1, 3),
    leaders: random.between(1, 3),
    preemption: random.pick([0, 0, 0.01, 0.1]),
    concurrency: isTight ? random.between(1, 3) : 64,
    maxWaiting: isTight ? random.between(1, 4) : 1_000,
    maxWaitingPerKey: isTight ? random.between(1, 2) : 256,
    maxInFlight: isTight ? random.between(1, 4) : 1_000,
    maxWaitMillis: isTight ? random.pick([undefined, 40, 300]) : undefined,
    // Shorter than what some callers ask for.
    maxTimeoutMillis: random.chance(0.1) ? random.pick([120, 600, 2_000]) : 300_000,
    dedupeEntries: random.chance(0.1) ? random.between(0, 2) : 1_000,
    sessionTimeoutMillis: random.pick([500, 3_000]),
    heartbeatMillis: random.pick([50, 250]),
    clockSkewMillis: random.pick([200, 1_000]),
    quiesceMillis: random.pick([300, 2_000]),
    drainMillis: random.pick([400, 3_000]),
    skews: Array.from({ length: responders }, () => (random.chance(0.1) ? random.between(-3_000, 3_000) : 0)),
    isCompacted: random.chance(0.05)
  }
}

const horizon = 1_500

const callOf = (
  random: RandomStream.RandomStream,
  name: string,
  settings: Settings,
  calling: { readonly from: number; readonly to: number; readonly keys: number }
): PlannedCall => {
  const operation = random.pick(operations)
  const isKeyed = operation === "Put" || operation === "Take"
  const key = isKeyed || random.chance(0.4) ? `k${random.between(1, calling.keys)}` : undefined
  const isSlow = random.chance(0.15)
  // Where few may run at one time, one that is stuck stops all: that is its author's to mend.
  const endless: ReadonlyArray<Behaviour> = settings.concurrency < 64 ? ["hang"] : ["hang", "stuck"]
  return {
    name,
    requester: random.between(0, settings.requesters - 1),
    at: random.between(calling.from, calling.to),
    operation,
    key: isKeyed && random.chance(0.3) ? `own-${name}` : key,
    isScattered: isKeyed && random.chance(0.1),
    value: random.chance(0.85) ? 0 : 1,
    timeoutMillis: random.pick([150, 400, 1_000, 3_000, 3_000]),
    millis: isSlow ? random.between(100, 1_500) : random.between(0, 30),
    behaviour: random.chance(0.03) ? random.pick(endless) : random.pick(behaviours),
    // At once, while the call is being made; or later.
    interruptAfter: random.chance(0.12) ? random.pick([0, 0, random.between(0, 120)]) : undefined,
    isDiscard: random.chance(0.06),
    isImpatient: random.chance(0.06),
    isThrowing: random.chance(0.05),
    isOversize: random.chance(0.02)
  }
}

/** What is the same for all calls with one primary key, so that their payloads are equal unless the value differs. */
const unify = (calls: ReadonlyArray<PlannedCall>): ReadonlyArray<PlannedCall> => {
  const first = new Map<string, PlannedCall>()
  return calls.map((call) => {
    if (call.operation !== "Put" && call.operation !== "Take") return call
    const id = `${call.operation} ${call.key}`
    const known = first.get(id)
    if (known === undefined) {
      first.set(id, call)
      return call
    }
    return { ...call, millis: known.millis, behaviour: known.behaviour, isOversize: known.isOversize }
  })
}

const recordFaultOf = (random: RandomStream.RandomStream, calls: ReadonlyArray<PlannedCall>): RecordFault => {
  const kind = random.pick(recordFaultKinds)
  const call = random.pick(calls)
  // Only who is interrupted sends a cancel.
  const given = call.interruptAfter === undefined ? ([] as const) : (["cancel", "cancel", "cancel"] as const)
  return {
    kind,
    leg: kind === "garbled" ? "reply" : random.pick(["request", "reply", ...given] as const),
    call: call.name,
    nth: random.pick([0, 0, 0, 1, 2]),
    millis: random.pick([10, 60, 200, 600, 2_000])
  }
}

const worldFaultOf = (
  random: RandomStream.RandomStream,
  settings: Settings,
  calls: ReadonlyArray<PlannedCall>
): WorldFault => {
  // At any time, or while a call is on its way.
  const at = random.chance(0.5) ? random.between(0, horizon + 300) : random.pick(calls).at + random.between(0, 60)
  const millis = random.pick([20, 100, 400, 1_200, 4_000])
  const role: Role = random.chance(0.75) ? "responder" : "requester"
  const index = random.between(0, settings[role === "responder" ? "responders" : "requesters"] - 1)
  const partition = random.between(0, 5)
  switch (random.between(0, 11)) {
    case 0:
    case 1:
      return { kind: "crash", role, index, at, millis }
    case 2:
    case 3:
      return { kind: "drain", role, index, at, millis }
    case 4:
      return { kind: "pause", role, index, at, millis }
    case 5:
      return { kind: "freeze", leader: random.between(0, 2), at, millis }
    case 6:
      return { kind: "cut", leader: random.between(0, 2), at, millis }
    case 7:
      return { kind: "move", topic: random.pick(["requests", "replies"] as const), partition, at }
    case 8:
      return { kind: "rebalance", at }
    case 9:
      return { kind: "refuse-commits", at, count: random.between(1, 4) }
    case 10:
      return { kind: "junk", at, variant: random.between(0, 99), partition }
    default:
      return { kind: "lose-replies", at, millis, partitions: random.between(1, 3) }
  }
}

/** A requester that closes while nobody answers its writes: what becomes of its calls nobody knows. */
const closingInTheDark = (random: RandomStream.RandomStream, calls: ReadonlyArray<PlannedCall>): Array<WorldFault> => {
  const { at, requester } = random.pick(calls)
  return [
    ...[0, 1, 2].map((leader) => ({ kind: "freeze" as const, leader, at: Math.max(0, at - 5), millis: 1_200 })),
    { kind: "drain", role: "requester", index: requester, at: at + random.between(0, 60), millis: 400 }
  ]
}

/** One of several brokers answers no more while calls are made, and nothing else goes wrong. */
const withoutOneBroker = (random: RandomStream.RandomStream, plan: Plan): Plan => {
  const { calls, settings } = plan
  const leaders = random.between(2, 3)
  const at = random.between(60, horizon / 2)
  const millis = random.pick([400, 1_200, 4_000])
  return {
    ...plan,
    settings: {
      ...settings,
      leaders,
      partitions: Math.max(2, settings.partitions),
      replyPartitions: random.between(2, 3)
    },
    calls: calls.map((call, index) =>
      index % 2 === 0 ? { ...call, operation: random.pick(["Read", "Do"]), key: undefined, timeoutMillis: 3_000 } : call
    ),
    recordFaults: [],
    worldFaults: [{ kind: random.chance(0.7) ? "cut" : "freeze", leader: random.between(0, leaders - 1), at, millis }]
  }
}

export const makePlan = (seed: number): Plan => {
  const load = loadPlanOf(seed)
  if (load !== undefined) return load
  // A stream of its own, so that all other plans stay what they are.
  const special = RandomStream.make(seed, "special")
  const plan = plainPlan(seed)
  if (special.chance(0.04)) return withoutOneBroker(special, plan)
  const trial = RandomStream.make(seed, "trial")
  return trial.chance(0.05) ? trialOf(trial, plan) : plan
}

const plainPlan = (seed: number): Plan => {
  const size = sizeOf(RandomStream.make(seed, "size"))
  const settings = settingsOf(RandomStream.make(seed, "settings"), size)
  const workload = RandomStream.make(seed, "workload")
  // Spread over the time in which things go wrong, all at once, or at once and about one thing.
  const from = workload.between(0, horizon)
  const crowd = workload.next()
  const calling =
    crowd < 0.7
      ? { from: 0, to: horizon, keys: 4 }
      : crowd < 0.85
        ? { from, to: from + 30, keys: 4 }
        : { from, to: from + 8, keys: 1 }
  const calls = unify(
    Array.from({ length: size.calls }, (_, index) => callOf(workload, `c${index}`, settings, calling))
  )
  const trouble = RandomStream.make(seed, "faults")
  const recordFaults = trouble.chance(0.4) ? 0 : trouble.between(1, 4)
  const worldFaults = trouble.chance(0.5) ? 0 : trouble.between(1, 2)
  return {
    seed,
    settings,
    calls,
    recordFaults: Array.from({ length: recordFaults }, () => recordFaultOf(trouble, calls)),
    worldFaults: trouble.chance(0.02)
      ? closingInTheDark(trouble, calls)
      : Array.from({ length: worldFaults }, () => worldFaultOf(trouble, settings, calls))
  }
}
