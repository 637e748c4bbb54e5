/**
 * What was seen in many histories: how calls ended, what the programs counted, which faults happened together with which
 * outcomes; and what was never seen.
 */
import { recordFaultKinds } from "../cluster/RecordFault.ts"
import type { WorldFault } from "../plan/Plan.ts"
import type { History } from "./history.ts"

const worldFaultKinds: ReadonlyArray<WorldFault["kind"]> = [
  "crash",
  "drain",
  "pause",
  "freeze",
  "cut",
  "move",
  "rebalance",
  "refuse-commits",
  "junk",
  "lose-replies",
  "damage",
  "cut-off",
  "remake"
]

const outcomes = [
  "success",
  "refuse",
  "final",
  "defect",
  "accepted",
  "interrupted",
  "Timeout not-sent",
  "Timeout unknown",
  "Timeout acknowledged",
  "NotSent",
  "Overloaded",
  "Interrupted",
  "RequestTooLarge",
  "ClockSkew",
  "ReplyAddressLost not-sent",
  "ReplyAddressLost unknown",
  "ReplyAddressLost acknowledged",
  "Closed not-sent",
  "Closed unknown",
  "Closed acknowledged",
  "Unanswerable reply-too-large",
  "Rejected key-conflict",
  "Rejected overloaded",
  "Rejected expired"
]

const counters = [
  "kafka_rr_requester_retries_total ",
  "kafka_rr_requester_cancels_total ",
  "kafka_rr_requester_replies_ignored_total late",
  "kafka_rr_requester_replies_ignored_total duplicate",
  "kafka_rr_requester_replies_ignored_total stale",
  "kafka_rr_requester_replies_ignored_total foreign",
  "kafka_rr_requester_replies_ignored_total malformed",
  "kafka_rr_responder_duplicates_total replayed",
  "kafka_rr_responder_duplicates_total joined",
  "kafka_rr_responder_duplicates_total conflict",
  "kafka_rr_responder_not_executed_total malformed",
  "kafka_rr_responder_not_executed_total unknown-operation",
  "kafka_rr_responder_not_executed_total no-reply-address",
  "kafka_rr_responder_not_executed_total forbidden-reply-topic",
  "kafka_rr_responder_not_executed_total expired",
  "kafka_rr_responder_not_executed_total redelivered",
  "kafka_rr_responder_not_executed_total foreign",
  "kafka_rr_responder_dedupe_evictions_total ",
  "kafka_rr_responder_replies_abandoned_total ",
  "kafka_rr_responder_commit_failures_total "
]

const expected = [
  ...outcomes.map((outcome) => `outcome ${outcome}`),
  ...recordFaultKinds.flatMap((kind) =>
    (kind === "garbled" ? ["reply"] : ["request", "reply", "cancel"]).map((leg) => `fault ${kind} ${leg}`)
  ),
  ...worldFaultKinds.map((kind) => `fault ${kind}`),
  ...counters.map((counter) => `count ${counter.trimEnd()}`)
]

export class Coverage {
  histories = 0
  events = 0
  steps = 0
  readonly seen = new Map<string, number>()

  add({ events, plan, steps, world }: History): void {
    this.histories++
    this.events += events.length
    this.steps += steps
    const happened = new Set<string>()
    const ended = new Set<string>()
    for (const event of events) {
      if (event.type === "ended" && !event.call.startsWith("probe")) ended.add(event.outcome)
      if (event.type === "fault") happened.add(this.#faultOf(event.fault, event.detail))
    }
    for (const outcome of ended) {
      this.#count(`outcome ${outcome}`)
      for (const fault of happened) this.#count(`pair ${fault} → ${outcome}`)
    }
    for (const fault of happened) this.#count(`fault ${fault}`)
    if (plan.recordFaults.length === 0 && plan.worldFaults.length === 0) this.#count("no fault")
    for (const { host } of world.programs) {
      for (const { labels, name, value } of host.readings()) {
        const counter = `${name} ${labels}`
        if (value > 0 && counters.some((known) => counter.startsWith(known))) {
          this.#count(`count ${counter.trimEnd()}`, value)
        }
      }
    }
  }

  /** What was seen of one sort (`outcome`, `fault`, `count`) and how often, by name. */
  of(sort: string): ReadonlyArray<readonly [string, number]> {
    return [...this.seen]
      .flatMap(([what, count]) => (what.startsWith(`${sort} `) ? [[what.slice(sort.length + 1), count] as const] : []))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  /** How often faults of each kind happened, whatever record they happened to; the most frequent first. */
  faultKinds(): ReadonlyArray<readonly [string, number]> {
    const kinds = new Map<string, number>()
    for (const [fault, count] of this.of("fault")) {
      const kind = fault.split(" ")[0]!
      kinds.set(kind, (kinds.get(kind) ?? 0) + count)
    }
    return [...kinds].toSorted(([a, many], [b, few]) => few - many || (a < b ? -1 : 1))
  }

  /** What should be seen in many histories and was not. */
  neverSeen(): ReadonlyArray<string> {
    const seen = [...this.seen.keys()]
    return expected.filter((what) => !seen.some((key) => key === what || key.startsWith(`${what} `)))
  }

  /** Pairs of a fault and an outcome that were seen, and how many could be. */
  pairs(): { readonly seen: number; readonly possible: number } {
    const seen = [...this.seen.keys()].filter((what) => what.startsWith("pair ")).length
    return { seen, possible: outcomes.length * (recordFaultKinds.length * 3 + worldFaultKinds.length) }
  }

  #faultOf(kind: string, detail: string): string {
    return worldFaultKinds.includes(kind as WorldFault["kind"]) ? kind : `${kind} ${detail.split(" ")[0]}`
  }

  #count(what: string, by = 1): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + by)
  }
}
