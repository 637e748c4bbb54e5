/**
 * Consumer groups as seen by a client that is not a member of them.
 */
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { decodeGroup, encodeGroup, type GroupSize, groupVersion } from "../../protocol/groupCodec.ts"
import { ownRequest, protocolRequest } from "./kafkajsInternals.ts"

interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly coordinator: { readonly nodeId: number }
}

interface DescribeGroupsResponse {
  readonly groups: ReadonlyArray<{ readonly errorCode: number; readonly members: ReadonlyArray<unknown> }>
}

const groupCoordinator = 0
const groupIdNotFound = 69
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

/** The number of members, of either protocol. Brokers describe a group that does not exist as one that is dead and empty. */
export const groupSize = Effect.fnUntraced(function* (
  client: ClusterClient,
  groupId: string
): Effect.fn.Return<number, TransportError> {
  const coordinator = yield* findCoordinator(client, groupId)
  const connection = yield* client.connect(coordinator, metadataPurpose)
  const what = `describing group ${groupId}`
  const { groups } = yield* client.ask<DescribeGroupsResponse>(connection, what, (versions) =>
    protocolRequest(versions, "DescribeGroups", { groupIds: [groupId] })
  )
  yield* client.failOnCode(groups[0]?.errorCode ?? 0)
  const members = groups[0]?.members.length ?? 0
  if (members > 0 || !connection.speaks("ConsumerGroupDescribe", groupVersion)) return members
  const newer = yield* client.ask<GroupSize>(connection, what, () =>
    ownRequest("ConsumerGroupDescribe", groupVersion, () => encodeGroup(groupId), decodeGroup)
  )
  if (newer.errorCode === groupIdNotFound) return 0
  yield* client.failOnCode(newer.errorCode)
  return newer.members
})
