/**
 * What has come of a run so far: orders under way, outcomes, latencies and lines.
 */
import { Latency } from "./Latency.ts"
import type * as Outcome from "./Outcome.ts"
import type * as Progress from "./Progress.ts"

export interface OutcomeCount {
  readonly name: string
  readonly kind: Outcome.Kind
  readonly count: number
}

export class RunTally implements Progress.State {
  readonly latency = new Latency()
  readonly #counts = new Map<string, OutcomeCount>()
  #inFlight = 0
  #answered = 0
  #malformedLines = 0
  #bytesDone = 0

  get inFlight(): number {
    return this.#inFlight
  }

  get answered(): number {
    return this.#answered
  }

  get malformedLines(): number {
    return this.#malformedLines
  }

  get bytesDone(): number {
    return this.#bytesDone
  }

  /** How often each outcome came, the most frequent first. */
  get outcomes(): ReadonlyArray<OutcomeCount> {
    return [...this.#counts.values()].toSorted((a, b) => b.count - a.count)
  }

  callBegan(): void {
    this.#inFlight++
  }

  callEnded({ kind, name }: Outcome.Outcome, millis: number): void {
    this.#inFlight--
    this.#counts.set(name, { name, kind, count: (this.#counts.get(name)?.count ?? 0) + 1 })
    if (kind === "stopped") return
    this.#answered++
    this.latency.record(millis)
  }

  lineIsMalformed(): void {
    this.#malformedLines++
  }

  lineIsDone(bytes: number): void {
    this.#bytesDone += bytes
  }
}
