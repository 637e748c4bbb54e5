/**
 * Load for laws about overload: calls at a steady rate on virtual time, and what became of them.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Clock from "effect/Clock"
import * as Requester from "../../src/requester/Requester.ts"
import * as ResponderMetrics from "../../src/telemetry/ResponderMetrics.ts"
import * as Metric from "effect/Metric"
import { advance } from "../suites/requestReply/Harness.ts"
import type { Client } from "../suites/requestReply/programs.ts"

export interface Sent {
  readonly id: string
  readonly at: number
  outcome: string | undefined
}

/** Milliseconds; a law's load is offered in steps of it. */
export const stepMillis = 20

/** What handlers and callers saw. */
export class Journal {
  readonly sent = new Map<string, Sent>()
  readonly begun = new Set<string>()
  mostBytes = 0
  #next = 0

  id(prefix = ""): string {
    return `${prefix}${this.#next++}`
  }

  /** Handlers that take as long as their call says on average: 60 to 140 hundredths of `millis`. */
  handler(millis: number): (request: { readonly id: string }) => Effect.Effect<string> {
    return ({ id }) => {
      this.begun.add(id)
      const share = 0.6 + (Number(/\d+$/.exec(id)?.[0] ?? 0) % 9) / 10
      return Effect.as(Effect.sleep(millis * share), id)
    }
  }

  /** The outcomes of the calls made in a span of time that had their outcome. */
  of(from: number, to: number, prefix = ""): ReadonlyArray<Sent> {
    return [...this.sent.values()].filter(({ at, id }) => at >= from && at < to && id.startsWith(prefix))
  }

  successes(from: number, to: number, prefix = ""): number {
    return this.of(from, to, prefix).filter(({ outcome }) => outcome === "success").length
  }

  /** Of the calls whose handler began, the share that had a success. */
  shareOfBegun(): number {
    const begun = [...this.sent.values()].filter(({ id, outcome }) => this.begun.has(id) && outcome !== undefined)
    return begun.filter(({ outcome }) => outcome === "success").length / begun.length
  }
}

const timeouts = [300, 500, 1_000, 2_000, 5_000] as const

export interface Load {
  readonly perSecond: number
  readonly seconds: number
  readonly prefix?: string
  readonly timeouts?: ReadonlyArray<number>
  readonly call?: (client: Client, id: string, index: number) => Effect.Effect<unknown, unknown>
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  const reason = exit.cause.reasons[0]
  const error = reason?._tag === "Fail" ? (reason.error as { readonly reason?: { readonly _tag: string } }) : undefined
  return error?.reason?._tag ?? "defect"
}

/** Offers calls at steady rates, all for the time of the first. */
export const offer = Effect.fnUntraced(function* (client: Client, journal: Journal, ...loads: ReadonlyArray<Load>) {
  const steps = (loads[0]!.seconds * 1_000) / stepMillis
  const owed = loads.map(() => 0)
  for (let step = 0; step < steps; step++) {
    for (const [which, load] of loads.entries()) {
      owed[which]! += (load.perSecond * stepMillis) / 1_000
      while (owed[which]! >= 1) {
        owed[which]!--
        yield* one(client, journal, load)
      }
    }
    yield* advance(stepMillis)
    journal.mostBytes = Math.max(journal.mostBytes, (yield* Metric.value(ResponderMetrics.bytes)).value as number)
  }
})

const one = Effect.fnUntraced(function* (client: Client, journal: Journal, load: Load) {
  const id = journal.id(load.prefix)
  const index = journal.sent.size
  const sent: Sent = { id, at: yield* Clock.currentTimeMillis, outcome: undefined }
  journal.sent.set(id, sent)
  const choice = load.timeouts ?? timeouts
  const call = (load.call?.(client, id, index) ?? client.Work({ id })).pipe(
    Requester.withTimeout(choice[index % choice.length]!)
  )
  yield* Effect.forkChild(
    Effect.map(Effect.exit(call), (exit) => void (sent.outcome = outcomeOf(exit))),
    {
      startImmediately: true
    }
  )
})
