/**
 * Refreshes the metadata beside sending: finds current leaders, and for partitions without one the reason. A question to the
 * link times out; a defect of the link counts as no answer.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { ProducerLink } from "../../kafka/ProducerLink.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import * as Verdict from "../../kafka/Verdict.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"
import type { Engine } from "./engine.ts"
import type { Ledger } from "./ledger.ts"
import type { RefreshSchedule } from "./refreshSchedule.ts"
import { isImpatient, leaderUnknown, withoutLeader } from "./refusals.ts"
import type { Routes } from "./routes.ts"

export interface RefreshDependencies {
  readonly link: ProducerLink
  readonly timeoutMillis: number
  readonly clock: Clock.Clock
  readonly schedule: RefreshSchedule
  readonly routes: Routes
  readonly ledger: Ledger
  readonly engine: Engine
}

/** What the link answered; undefined when it did not. */
const ask = <A>(
  question: Effect.Effect<A, TransportError>,
  timeoutMillis: number
): Effect.Effect<Result.Result<A, TransportError> | undefined> =>
  question.pipe(
    Effect.result,
    Effect.timeoutOption(timeoutMillis),
    Effect.map(Option.getOrUndefined),
    Effect.catchDefect(() => Effect.undefined)
  )

/** One refresh. */
export const refresh = (environment: RefreshDependencies): Effect.Effect<void> => {
  const { engine, link, routes, timeoutMillis } = environment
  return Effect.gen(function* () {
    yield* ask(link.refresh, timeoutMillis)
    engine.reroute()
    for (const topic of new Set(routes.leaderless().map((queue) => queue.topic))) {
      const found = yield* ask(link.partitions(topic), timeoutMillis)
      if (found !== undefined) explain(environment, topic, found)
    }
  }).pipe(Effect.ensuring(Effect.sync(() => finish(environment))))
}

const finish = ({ clock, engine, ledger, routes, schedule }: RefreshDependencies): void => {
  const now = monotonicMillis(clock)
  // The link may have joined an earlier refresh; then only the question for the reason has found the leader.
  engine.reroute()
  const leaderless = routes.leaderless()
  if (leaderless.length === 0) schedule.helped()
  let isSoon = false
  for (const queue of leaderless) {
    if (queue.isMissed) isSoon = true
    else engine.refuse(queue, (record) => (isImpatient(record) ? (record.lastError ?? leaderUnknown) : undefined))
    queue.isMissed = false
  }
  if (routes.leaderless().length > 0) schedule.want(now)
  schedule.end(now, isSoon)
  ledger.deliver()
}

/** Refuses records whose partition will never have a leader, and notes for the others why they wait. */
const explain = (
  { engine, routes }: RefreshDependencies,
  topic: string,
  found: Result.Result<number, TransportError>
): void => {
  const whyNot = (publication: Publication): TransportError | undefined => {
    const error = Result.isSuccess(found) ? withoutLeader(publication, found.success) : found.failure
    const why = error ?? publication.lastError ?? leaderUnknown
    publication.state = WriteState.judged(publication.state, Verdict.notWritten(why))
    return error !== undefined && !error.isRetryable ? error : undefined
  }
  for (const queue of routes.leaderless()) if (queue.topic === topic) engine.refuse(queue, whyNot)
}
