/**
 * What the coordinator of a consumer group tells to somebody who is no member of it.
 */
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { ask, protocolRequest } from "./kafkajsInternals.ts"

interface DescribeGroupsResponse {
  readonly groups: ReadonlyArray<{ readonly errorCode: number; readonly members: ReadonlyArray<unknown> }>
}

const groupCoordinator = 0

/** The number of members. Brokers describe a group that does not exist as one that is dead and empty. */
export const groupSize = Effect.fnUntraced(function* (
  client: ClusterClient,
  groupId: string
): Effect.fn.Return<number, TransportError> {
  // kafkajs' cluster takes every refusal for a coordinator that is not there: the broker itself says what is wrong.
  const asked = yield* client.anyBroker
  const found = yield* client.call("finding the group coordinator", () =>
    asked.findGroupCoordinator({ groupId, coordinatorType: groupCoordinator })
  )
  const coordinator = yield* client.broker(found.coordinator.nodeId)
  const { groups } = yield* client.call(`describing group ${groupId}`, () =>
    ask<DescribeGroupsResponse>(coordinator, protocolRequest(coordinator, "DescribeGroups", { groupIds: [groupId] }))
  )
  yield* client.failOnCode(groups[0]?.errorCode ?? 0)
  return groups[0]?.members.length ?? 0
})
