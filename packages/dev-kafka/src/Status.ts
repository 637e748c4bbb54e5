/**
 * Which Kafka there is, asked without starting anything.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { liveProcesses } from "./DevBroker.ts"
import { brokerFolder, devSettings, localAddress } from "./DevSettings.ts"
import { readState } from "./internal/devState.ts"
import { probe } from "./KafkaProbe.ts"

export interface Status {
  readonly running: boolean
  /** Who started it: `up` with Docker or Java, somebody else, or unknown because `KAFKA_BROKERS` names it. */
  readonly startedBy: "docker" | "java" | "other" | "configured" | "nobody"
  /** The addresses that were asked, `host:port`. */
  readonly brokers: ReadonlyArray<string>
  /** Kafka's version, where it was started from here. */
  readonly version?: string
  readonly processes: ReadonlyArray<number>
  /** Brokers that the cluster counts as alive. */
  readonly liveBrokers: number
  readonly topics: number
  readonly partitions: number
  /** Partitions without a leader: they take no records now. */
  readonly leaderless: number
  /** Why it does not answer. */
  readonly problem?: string
}

/** The first of the addresses that answers speaks for its cluster. */
export const status = Effect.gen(function* () {
  const settings = yield* devSettings
  const state = Option.getOrUndefined(yield* readState(brokerFolder(settings)))
  const configured = settings.configured.length > 0
  const brokers = configured ? settings.configured : (state?.brokers ?? [localAddress(settings)])
  const ours = configured ? undefined : state
  const answer = yield* Effect.result(Effect.firstSuccessOf(brokers.map((address) => probe(address))))
  const known = {
    brokers,
    processes: ours === undefined ? [] : yield* liveProcesses,
    ...(ours === undefined ? {} : { version: ours.version })
  }
  if (answer._tag === "Failure") {
    const nothing = { liveBrokers: 0, topics: 0, partitions: 0, leaderless: 0 }
    const startedBy = configured ? "configured" : (ours?.startedBy ?? "nobody")
    return { running: false, startedBy, ...known, ...nothing, problem: answer.failure.message } satisfies Status
  }
  const leaders = answer.success.topics.flatMap((topic) => topic.leaders)
  return {
    running: true,
    startedBy: configured ? "configured" : (ours?.startedBy ?? "other"),
    ...known,
    liveBrokers: answer.success.brokers.length,
    topics: answer.success.topics.length,
    partitions: leaders.length,
    leaderless: leaders.filter((leader) => leader < 0).length
  } satisfies Status
})

const starters: Record<Status["startedBy"], string> = {
  docker: "started here with Docker",
  java: "started here with Java",
  other: "not started from here",
  configured: "from KAFKA_BROKERS",
  nobody: "nothing was started here"
}

/** The status in lines for people. */
export const describe = (status: Status): string => {
  const where = `${status.brokers.join(", ")} (${starters[status.startedBy]})`
  if (!status.running) return `no Kafka answers at ${where}: ${status.problem ?? "unknown"}`
  const version = status.version === undefined ? "Kafka" : `Apache Kafka ${status.version}`
  const processes = status.processes.length === 0 ? "" : `, process ${status.processes.join(", ")}`
  const leaderless = status.leaderless === 0 ? "" : `, ${status.leaderless} of them without a leader`
  return [
    `${version} answers at ${where}${processes}`,
    `${status.liveBrokers} broker(s) alive, ${status.topics} topic(s), ${status.partitions} partition(s)${leaderless}`
  ].join("\n")
}
