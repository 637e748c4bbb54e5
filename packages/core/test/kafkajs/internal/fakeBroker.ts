/** A broker that answers as a test says, and a client that finds it whatever it asks for. */
import * as Effect from "effect/Effect"
import { classifyError } from "../../../src/kafkajs/classifyError.ts"
import type { BrokerConnection } from "../../../src/kafkajs/internal/brokerConnection.ts"
import type { BuildRequest } from "../../../src/kafkajs/internal/brokerRequests.ts"
import { toSettings } from "../../../src/kafkajs/internal/clientSettings.ts"
import * as ClusterClient from "../../../src/kafkajs/internal/clusterClient.ts"
import type { ApiVersions } from "../../../src/kafkajs/internal/kafkajsInternals.ts"
import type { JoinGroup } from "../../../src/kafka/Transport.ts"
import { because, Unavailable } from "../../../src/kafka/TransportError.ts"

/** The decoded answer to a request of this API key. */
export type Answer = (apiKey: number) => Promise<unknown>

const findCoordinator = 10
const versions: ApiVersions = Object.fromEntries(
  Array.from({ length: 50 }, (_, apiKey) => [apiKey, { minVersion: 0, maxVersion: 11 }])
)
const connectionTo = (nodeId: number) => ({ nodeId, address: `fake:${nodeId}` }) as BrokerConnection

/** A member of a group over one topic that takes every record. */
export const joinOptions: JoinGroup = {
  groupId: "group",
  topics: ["orders"],
  onAssigned: () => undefined,
  onRecords: (records) => records.length,
  onRevoking: Effect.void,
  revokeTimeoutMillis: 1_000
}

/** Every broker id is known and connected, and answers by `answer`; the coordinator is broker 0 unless said otherwise. */
export const makeClient = Effect.fnUntraced(function* (
  answer: (nodeId: number) => Answer,
  coordinator: () => number = () => 0
) {
  const client = yield* ClusterClient.make(toSettings({ brokers: ["fake:1"], clientId: "fake" }))
  const ask: ClusterClient.ClusterClient["ask"] = <A>(
    connection: BrokerConnection,
    _what: string,
    build: BuildRequest
  ) =>
    Effect.tryPromise({
      catch: (error) => classifyError(error, { brokers: [] }),
      try: () => {
        const { apiKey } = build(versions).request
        const own = answer(connection.nodeId)(apiKey)
        return (
          apiKey === findCoordinator ? Promise.resolve({ errorCode: 0, coordinator: { nodeId: coordinator() } }) : own
        ) as Promise<A>
      }
    })
  const fake: ClusterClient.ClusterClient = {
    ...client,
    ask,
    connect: (nodeId) =>
      nodeId < 0
        ? Effect.fail(because(new Unavailable({ code: "LEADER_NOT_AVAILABLE", detail: "" })))
        : Effect.succeed(connectionTo(nodeId)),
    askAny: (_what, question) => question(connectionTo(0)),
    refresh: Effect.void
  }
  return fake
})
