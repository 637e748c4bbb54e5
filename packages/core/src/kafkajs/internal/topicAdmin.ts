/**
 * Looking after topics: what exists, creating one, reading its settings.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { TopicDescription, Topics, TopicSpec } from "../../kafka/Transport.ts"
import { because, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, protocolRequest } from "./kafkajsInternals.ts"

const topicAuthorizationFailed = 29
const topicAlreadyExists = 36
const topicResource = 2
const createTimeoutMillis = 5_000
const usablePollMillis = 50

interface CreateTopicsResponse {
  readonly topicErrors: ReadonlyArray<{ readonly errorCode: number }>
}

interface DescribeConfigsResponse {
  readonly resources: ReadonlyArray<{
    readonly errorCode: number
    readonly configEntries: ReadonlyArray<{ readonly configName: string; readonly configValue: string | null }>
  }>
}

export const make = (client: ClusterClient): Topics => {
  const metadata = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    const topics = yield* client.describe(names)
    for (const { topic, topicErrorCode } of topics) {
      if (topicErrorCode === topicAuthorizationFailed) yield* client.failOnCode(topicErrorCode, topic)
    }
    return topics.filter(({ topicErrorCode }) => topicErrorCode === 0)
  })

  const describe = (names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<TopicDescription>, TransportError> =>
    Effect.map(metadata(names), (topics) =>
      topics.map(({ partitionMetadata, topic }) => ({
        name: topic,
        partitions: partitionMetadata.length,
        replicationFactor: partitionMetadata[0]?.replicas.length ?? 0
      }))
    )

  const usable = Effect.fnUntraced(function* (name: string) {
    const [found] = yield* metadata([name])
    const isUsable = found !== undefined && found.partitionMetadata.every(({ leader }) => leader >= 0)
    if (isUsable) return
    return yield* because(
      new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: `topic ${name} is still being created` })
    )
  })

  const create = Effect.fnUntraced(function* ({ configs, name, partitions, replicationFactor }: TopicSpec) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    const topics = [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }]
    const payload = { topics, validateOnly: false, timeout: createTimeoutMillis }
    const controller = yield* client.call("finding the controller", () => client.cluster.findControllerBroker())
    const { topicErrors } = yield* client.call(
      `creating topic ${name}`,
      () => ask<CreateTopicsResponse>(controller, protocolRequest(controller, "CreateTopics", payload)),
      { topic: name }
    )
    const code = topicErrors[0]?.errorCode ?? 0
    if (code !== topicAlreadyExists) yield* client.failOnCode(code, name)
    yield* usable(name).pipe(
      Effect.retry({ schedule: Schedule.spaced(usablePollMillis), while: (error) => error.isRetryable }),
      Effect.timeoutOrElse({ duration: createTimeoutMillis, orElse: () => usable(name) })
    )
    return code !== topicAlreadyExists
  })

  const configs = Effect.fnUntraced(function* (topic: string, names: ReadonlyArray<string>) {
    const broker = yield* client.anyBroker
    const payload = { resources: [{ type: topicResource, name: topic, configNames: names }], includeSynonyms: false }
    const { resources } = yield* client.call(
      `reading the settings of ${topic}`,
      () => ask<DescribeConfigsResponse>(broker, protocolRequest(broker, "DescribeConfigs", payload)),
      { topic }
    )
    yield* client.failOnCode(resources[0]?.errorCode ?? 0, topic)
    const entries = resources.flatMap(({ configEntries }) => configEntries)
    return Object.fromEntries(
      entries.flatMap(({ configName, configValue }) => (configValue === null ? [] : [[configName, configValue]]))
    )
  })

  return {
    describe: (names) => client.untilStarted(describe(names)),
    create: (spec) => client.untilStarted(create(spec), createTimeoutMillis * 2),
    configs: (topic, names) => client.untilStarted(configs(topic, names))
  }
}
