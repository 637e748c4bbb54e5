/**
 * Consumer groups as somebody asks who is no member of them.
 */
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { protocolRequest } from "./kafkajsInternals.ts"

interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly coordinator: { readonly nodeId: number }
}

interface DescribeGroupsResponse {
  readonly groups: ReadonlyArray<{ readonly errorCode: number; readonly members: ReadonlyArray<unknown> }>
}

const groupCoordinator = 0
const metadataPurpose = "metadata"
const lookMillis = 3_000

/** The node id of the group's coordinator, as any broker says. */
export const findCoordinator = (client: ClusterClient, groupId: string): Effect.Effect<number, TransportError> =>
  client.askAny("finding the group coordinator", (connection) =>
    client
      .ask<FindCoordinatorResponse>(
        connection,
        "finding the group coordinator",
        (versions) => protocolRequest(versions, "GroupCoordinator", { groupId, coordinatorType: groupCoordinator }),
        { timeoutMillis: lookMillis }
      )
      .pipe(Effect.flatMap(({ coordinator, errorCode }) => Effect.as(client.failOnCode(errorCode), coordinator.nodeId)))
  )

/** The number of members. Brokers describe a group that does not exist as one that is dead and empty. */
export const groupSize = Effect.fnUntraced(function* (
  client: ClusterClient,
  groupId: string
): Effect.fn.Return<number, TransportError> {
  const coordinator = yield* findCoordinator(client, groupId)
  const connection = yield* client.connect(coordinator, metadataPurpose)
  const { groups } = yield* client.ask<DescribeGroupsResponse>(connection, `describing group ${groupId}`, (versions) =>
    protocolRequest(versions, "DescribeGroups", { groupIds: [groupId] })
  )
  yield* client.failOnCode(groups[0]?.errorCode ?? 0)
  return groups[0]?.members.length ?? 0
})
