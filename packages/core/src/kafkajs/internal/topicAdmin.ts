/**
 * Looking after topics: what exists, creating one, reading its settings.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { TopicDescription, Topics, TopicSpec } from "../../kafka/Transport.ts"
import { because, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { type Api, protocolRequest } from "./kafkajsInternals.ts"
import { topicAuthorizationFailed } from "./errorCode.ts"

const topicAlreadyExists = 36
const topicResource = 2
const createTimeoutMillis = 5_000
const usablePollMillis = 50
// Creating takes its time, and a broker answers a connection in turn.
const purpose = "admin"

interface CreateTopicsResponse {
  readonly topicErrors: ReadonlyArray<{ readonly errorCode: number }>
}

interface DescribeConfigsResponse {
  readonly resources: ReadonlyArray<{
    readonly errorCode: number
    readonly configEntries: ReadonlyArray<{ readonly configName: string; readonly configValue: string | null }>
  }>
}

/** Asks the controller, as the metadata names it; any broker passes the request on in a cluster without ZooKeeper. */
export const askController = Effect.fnUntraced(function* <A>(
  client: ClusterClient,
  api: Api,
  payload: object,
  topic?: string
): Effect.fn.Return<A, TransportError> {
  yield* client.refresh
  const connection = yield* client.connect(client.metadata.controllerId, purpose)
  return yield* client.ask<A>(
    connection,
    `${api} at the controller`,
    (versions) => protocolRequest(versions, api, payload),
    {
      holdMillis: createTimeoutMillis,
      timeoutMillis: createTimeoutMillis * 2,
      ...(topic === undefined ? {} : { topic })
    }
  )
})

export const make = (client: ClusterClient): Topics => {
  const metadata = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    const topics = yield* client.describe(names)
    for (const { errorCode, topic } of topics) {
      if (errorCode === topicAuthorizationFailed) yield* client.failOnCode(errorCode, topic)
    }
    return topics.filter(({ errorCode }) => errorCode === 0)
  })

  const describe = (names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<TopicDescription>, TransportError> =>
    Effect.map(metadata(names), (topics) =>
      topics.map(({ partitions, topic }) => ({
        name: topic,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas ?? 0
      }))
    )

  const usable = Effect.fnUntraced(function* (name: string) {
    const [found] = yield* metadata([name])
    const isUsable = found !== undefined && found.partitions.every(({ leader }) => leader >= 0)
    if (isUsable) return
    return yield* because(
      new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: `topic ${name} is still being created` })
    )
  })

  const create = Effect.fnUntraced(function* ({ configs, name, partitions, replicationFactor }: TopicSpec) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    const topics = [{ topic: name, numPartitions: partitions, replicationFactor, configEntries }]
    const payload = { topics, validateOnly: false, timeout: createTimeoutMillis }
    const { topicErrors } = yield* askController<CreateTopicsResponse>(client, "CreateTopics", payload, name)
    const code = topicErrors[0]?.errorCode ?? 0
    if (code !== topicAlreadyExists) yield* client.failOnCode(code, name)
    // Also when another program has just created it: whichever broker is asked next may not have heard of it.
    yield* usable(name).pipe(
      Effect.retry({ schedule: Schedule.spaced(usablePollMillis), while: (error) => error.isRetryable }),
      Effect.timeoutOrElse({ duration: createTimeoutMillis, orElse: () => usable(name) })
    )
    return code !== topicAlreadyExists
  })

  const configs = Effect.fnUntraced(function* (topic: string, names: ReadonlyArray<string>) {
    const payload = { resources: [{ type: topicResource, name: topic, configNames: names }], includeSynonyms: false }
    const what = `reading the settings of ${topic}`
    const { resources } = yield* client.askAny(what, (connection) =>
      client.ask<DescribeConfigsResponse>(
        connection,
        what,
        (versions) => protocolRequest(versions, "DescribeConfigs", payload),
        { topic }
      )
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
