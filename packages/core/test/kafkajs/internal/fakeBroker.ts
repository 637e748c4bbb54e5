/** A broker that answers as a test says, and a client that finds it whatever it asks for. */
import * as Effect from "effect/Effect"
import * as ClusterClient from "../../../src/kafkajs/internal/clusterClient.ts"
import { toSettings } from "../../../src/kafkajs/internal/clientSettings.ts"
import type { Broker, ProtocolRequest } from "../../../src/kafkajs/internal/kafkajsInternals.ts"

/** The decoded answer to a request of this API key. */
export type Answer = (apiKey: number, payload: unknown) => Promise<unknown>

const lookupRequest = (apiKey: number) => (payload: object) =>
  ({ request: { apiKey, apiVersion: 11, payload }, response: {} }) as unknown as ProtocolRequest

const metadata: Broker["metadata"] = () => Promise.reject(new Error("a fake broker has no metadata"))

const findGroupCoordinator = async () => ({ coordinator: { nodeId: 0 } })

const makeBroker = (nodeId: number, answer: Answer): Broker => {
  const send = (protocol: ProtocolRequest) => {
    const { apiKey, payload } = protocol.request as unknown as { apiKey: number; payload: unknown }
    return answer(apiKey, payload)
  }
  const connectionPool = { host: "fake", port: nodeId, pool: [], send }
  return { nodeId, connectionPool, lookupRequest, metadata, findGroupCoordinator, isConnected: () => true }
}

/** Every broker id is known and connected, and answers by `answer`; the coordinator is broker 0. */
export const makeClient = Effect.fnUntraced(function* (answer: (nodeId: number) => Answer) {
  const client = yield* ClusterClient.make(toSettings({ brokers: ["fake:1"], clientId: "fake" }))
  const broker = (nodeId: number) => makeBroker(nodeId, answer(nodeId))
  client.cluster.findGroupCoordinator = async () => broker(0)
  return { ...client, broker: (nodeId: number) => Effect.succeed(broker(nodeId)), refresh: Effect.void }
})
