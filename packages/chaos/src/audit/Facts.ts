/**
 * The journal by call, by handler run and by fault: what the rules of the audit look at. Pure.
 */
import type { Entry, Recorded } from "../Journal.ts"

type Of<T extends Entry["type"]> = Extract<Entry, { readonly type: T }> & { readonly by: string }

export interface Call {
  readonly call: Of<"call">
  readonly outcomes: ReadonlyArray<Of<"outcome">>
  readonly runs: ReadonlyArray<Of<"run">>
  readonly effects: ReadonlyArray<Of<"effect">>
}

export interface Facts {
  readonly calls: ReadonlyArray<Call>
  readonly faults: ReadonlyArray<Of<"fault">>
  readonly runs: ReadonlyArray<Of<"run">>
  readonly effects: ReadonlyArray<Of<"effect">>
  readonly stalls: ReadonlyArray<Of<"stall">>
}

const typed = <T extends Entry["type"]>(entries: ReadonlyArray<Recorded>, type: T): ReadonlyArray<Of<T>> =>
  entries.filter((entry): entry is Recorded & Of<T> => entry.type === type)

const byId = <E extends { readonly id: string }>(all: ReadonlyArray<E>) => Map.groupBy(all, ({ id }) => id)

export const factsOf = (entries: ReadonlyArray<Recorded>): Facts => {
  const [outcomes, runs, effects] = [typed(entries, "outcome"), typed(entries, "run"), typed(entries, "effect")]
  const [outcomesOf, runsOf, effectsOf] = [byId(outcomes), byId(runs), byId(effects)]
  return {
    calls: typed(entries, "call").map((call) => ({
      call,
      outcomes: outcomesOf.get(call.id) ?? [],
      runs: runsOf.get(call.id) ?? [],
      effects: effectsOf.get(call.id) ?? []
    })),
    faults: typed(entries, "fault"),
    runs,
    effects,
    stalls: typed(entries, "stall")
  }
}

/** The faults that were going on at some time between two moments, or had ended at most `after` milliseconds before. */
export const faultsBetween = (facts: Facts, from: number, to: number, after = 0): ReadonlyArray<Of<"fault">> =>
  facts.faults.filter((fault) => fault.at <= to && fault.until + after >= from)

/** How long the event loop of a process stood still between two moments. */
export const stalledMillis = (facts: Facts, by: string, from: number, to: number): number =>
  facts.stalls
    .filter((stall) => stall.by === by && stall.at <= to && stall.at + stall.millis >= from)
    .reduce((sum, { millis }) => sum + millis, 0)
