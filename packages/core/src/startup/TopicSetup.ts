/**
 * Makes sure, at start, that the topics of a contract are there and fit, and says what differs.
 *
 * A library must not create topics in a cluster without being asked: `verify` is the default and `create` what programs and
 * development choose.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { because as transportError, NoSuchTopic, type TransportError } from "../kafka/TransportError.ts"
import * as StartError from "./StartError.ts"
import type { TopicDescription, Topics, TopicSpec } from "../kafka/Transport.ts"

export type TopicPolicy = "verify" | "create"

/** Milliseconds as Kafka's settings have them. */
const millis = (value: number): string => String(Math.ceil(value))

const settings = (retentionMillis: number): Readonly<Record<string, string>> => ({
  "cleanup.policy": "delete",
  "retention.ms": millis(retentionMillis),
  // A segment is deleted as a whole, when its newest record is over age: retention is exact to a segment.
  "segment.ms": millis(Math.max(60_000, retentionMillis / 2)),
  "segment.bytes": String(64 * 1024 * 1024),
  // The brokers' clock, so that ages do not depend on the producers' clocks.
  "message.timestamp.type": "LogAppendTime"
})

/** Requests are kept a little longer than the longest call, for responders that were away. */
export const requestTopic = (name: string, partitions: number, maxTimeoutMillis: number): TopicSpec => ({
  name,
  partitions,
  replicationFactor: -1,
  configs: settings(maxTimeoutMillis + 10 * 60_000)
})

/** Replies are worthless once every caller has given up. */
export const replyTopic = (name: string, partitions: number, maxTimeoutMillis: number): TopicSpec => ({
  name,
  partitions,
  replicationFactor: -1,
  configs: settings(2 * maxTimeoutMillis)
})

/** The control topic carries cancels: one partition, since every responder reads all that is for it. */
export const controlTopic = (name: string, maxTimeoutMillis: number): TopicSpec => ({
  name,
  partitions: 1,
  replicationFactor: -1,
  configs: settings(maxTimeoutMillis)
})

/** Dead letters are for people to look at: kept a week. */
export const deadLetterTopic = (name: string): TopicSpec => ({
  name,
  partitions: 1,
  replicationFactor: -1,
  configs: { "cleanup.policy": "delete", "retention.ms": millis(7 * 24 * 60 * 60_000) }
})

/** What creates the topic in a shell, as it would be created here. */
const commandFor = ({ configs, name, partitions }: TopicSpec): string => {
  const settings = Object.entries(configs).map(([setting, value]) => ` --config ${setting}=${value}`)
  return `kafka-topics.sh --bootstrap-server localhost:9092 --create --topic ${name} --partitions ${partitions}${settings.join("")}`
}

/** Fails, with all that are missing at once, when topics do not exist and may not be created. */
export const verify = Effect.fnUntraced(function* (
  topics: Topics,
  specs: ReadonlyArray<TopicSpec>,
  policy: TopicPolicy
): Effect.fn.Return<void, TransportError | StartError.StartError> {
  if (policy === "create") return
  const found = new Set(Array.from(yield* topics.describe(specs.map(({ name }) => name)), ({ name }) => name))
  const missing = new Map(specs.filter(({ name }) => !found.has(name)).map((spec) => [spec.name, spec]))
  const [first, ...others] = missing.values()
  if (first === undefined) return
  return yield* StartError.because(
    new StartError.TopicMissing({
      topics: [first.name, ...others.map(({ name }) => name)],
      commands: [first, ...others].map(commandFor)
    })
  )
})

const describe = (topics: Topics, topic: string): Effect.Effect<TopicDescription, TransportError> =>
  Effect.flatMap(topics.describe([topic]), ([found]) =>
    found === undefined ? Effect.fail(transportError(new NoSuchTopic({ topic }))) : Effect.succeed(found)
  )

/** The partitions of a topic as the cluster says now; fails with `NoSuchTopic`. */
export const partitionsOf = (topics: Topics, topic: string): Effect.Effect<number, TransportError> =>
  Effect.map(describe(topics, topic), ({ partitions }) => partitions)

// Another program has created it: brokers learn of it one after the other, and whichever is asked may be the last.
const untilKnown = {
  schedule: Schedule.spaced("100 millis"),
  times: 40,
  while: ({ reason }: TransportError) => reason._tag === "NoSuchTopic"
}

/** How often to look whether a lost topic is back: once a second. */
export const askAgain = Schedule.spaced("1 second")

/**
 * Ensures one topic and returns its number of partitions. Fails with `NoSuchTopic` when it is missing and may not be
 * created. Settings that differ from the recommended ones are logged, not changed: they are the owner's choice.
 */
export const ensure = Effect.fnUntraced(function* (
  topics: Topics,
  spec: TopicSpec,
  policy: TopicPolicy
): Effect.fn.Return<number, TransportError> {
  if (policy === "create" && (yield* topics.create(spec))) return spec.partitions
  const found = yield* policy === "create"
    ? Effect.retry(describe(topics, spec.name), untilKnown)
    : describe(topics, spec.name)
  // The configured number of partitions applies only to a topic that is created here.
  if (policy === "create" && found.partitions !== spec.partitions) {
    const { name, partitions } = spec
    yield* Effect.logWarning(
      `topic ${name} exists with ${found.partitions} partitions, not ${partitions} as set; it is used as it is`
    )
  }
  const names = Object.keys(spec.configs)
  const actual = yield* topics.configs(spec.name, names)
  const differing = names.filter((name) => actual[name] !== undefined && actual[name] !== spec.configs[name])
  if (differing.length > 0) {
    const differences = differing.map((name) => `${name}=${actual[name]} (recommended ${spec.configs[name]})`)
    yield* Effect.logInfo(`topic ${spec.name} differs from the recommended settings: ${differences.join(", ")}`)
  }
  return found.partitions
})
