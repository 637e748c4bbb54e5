/**
 * Plans that broke a promise once, as small as they could be made. They are run with every test run.
 */
import type { Plan, PlannedCall } from "../../src/plan/Plan.ts"
import { plainCall as call, plainSettings as settings } from "../../src/plan/plainPlan.ts"

const plan = (calls: ReadonlyArray<PlannedCall>, differences: Partial<Plan> = {}): Plan => ({
  seed: 1,
  settings,
  calls,
  recordFaults: [],
  worldFaults: [],
  ...differences
})

const held = { operation: "Take", key: "k", millis: 430, behaviour: "stubborn" } as const
const final = { operation: "Put", key: "k", behaviour: "final", isDiscard: true } as const

/** Each with what went wrong. */
export const plans: Readonly<Record<string, Plan>> = {
  "a second record of a call ran while the reply to the first was on its way, where nothing is remembered": plan(
    [call("repeated", 217, { millis: 28 })],
    {
      settings: { ...settings, dedupeEntries: 0 },
      recordFaults: [{ kind: "duplicate", leg: "request", call: "repeated", nth: 0, millis: 30 }]
    }
  ),
  "a request that joined a run which was being cancelled was dropped and committed": plan([
    call("given up", 500, { ...held, interruptAfter: 110 }),
    call("joining", 800, held)
  ]),
  "a request that joined a run which was expiring was told that its own time was up": plan([
    call("too slow", 500, { ...held, timeoutMillis: 150 }),
    call("joining", 800, held)
  ]),
  "a request that came over another lane to a run which was expiring was told that its own time was up": plan([
    call("too slow", 500, { ...held, timeoutMillis: 150 }),
    call("joining", 800, { ...held, isScattered: true })
  ]),
  "a request that came over another lane to a run which was being cancelled was dropped and committed": plan([
    call("given up", 500, { ...held, interruptAfter: 110 }),
    call("joining", 800, { ...held, isScattered: true })
  ]),
  "a second record of a call that was cancelled while the first one ran was run for nobody": plan(
    [call("given up", 500, { operation: "Read", millis: 1_000, interruptAfter: 50 })],
    { recordFaults: [{ kind: "duplicate", leg: "request", call: "given up", nth: 0, millis: 200 }] }
  ),
  "a program that was paused between hearing a reply and its caller's turn was judged to have kept it": plan(
    [call("paused", 357, { operation: "Read", millis: 26 })],
    {
      settings: { ...settings, preemption: 0.1 },
      worldFaults: [{ kind: "pause", role: "requester", index: 0, at: 396, millis: 400 }]
    }
  ),
  "a call whose time was up in the moment its program was paused was judged to have overlooked its reply": plan(
    [call("too slow", 500, { operation: "Read", timeoutMillis: 400, millis: 398 })],
    {
      settings: { ...settings, preemption: 0.1 },
      worldFaults: [{ kind: "pause", role: "requester", index: 0, at: 900, millis: 400 }]
    }
  ),
  "a reply of a responder whose clock is ahead waited for longer than it had, because an earlier one had no topic":
    plan([call("lost", 265, { operation: "Take", key: "k", millis: 690, behaviour: "stubborn" })], {
      settings: { ...settings, skews: [2_980] },
      worldFaults: [{ kind: "lose-replies", at: 824, millis: 4_000, partitions: 2 }]
    }),
  "a closing requester had stopped to read the reply partition that it had moved to": plan(
    [call("before", 902, { operation: "Do", key: "k2" }), call("in flight", 1_166, { operation: "Put", key: "own" })],
    {
      settings: { ...settings, replyPartitions: 3 },
      worldFaults: [
        { kind: "cut", leader: 2, at: 596, millis: 400 },
        { kind: "drain", role: "requester", index: 0, at: 1_208, millis: 1_200 }
      ]
    }
  ),
  "a repeated call without an outcome was told the stored error of the first": plan([
    call("first", 500, final),
    call("again", 800, final)
  ])
}
