/**
 * The bytes of Kafka's consumer protocol around `protocol/stickyAssignment.ts`: what members offer and own, and what the
 * leader assigns to them.
 *
 * Members offer two protocols, `sticky` first. Under it they keep their partitions while they join again, and a partition that
 * moves is assigned to no member until its owner has released it and joined once more (KIP-429). A group uses a protocol that
 * all its members know: with a member of an older version it is kafkajs' round robin, and no partition sticks or is kept.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import { assign, type Claimant, withoutOwned } from "../../protocol/stickyAssignment.ts"
import { type Member, MemberAssignment, MemberMetadata } from "./kafkajsInternals.ts"

/** What a member owned last, and in which generation; -1 before the first. */
export interface Possession {
  readonly generation: number
  readonly partitions: ReadonlyArray<TopicPartition>
}

interface Share {
  readonly memberId: string
  readonly memberAssignment: Buffer
}

export const sticky = "kafka-request-reply-sticky"
/** kafkajs' name of it. */
export const roundRobin = "RoundRobinAssigner"

const version = 0
const nothing: Possession = { generation: -1, partitions: [] }

const Offset = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const UserData = Schema.fromJsonString(
  Schema.Struct({ generation: Schema.Int, owned: Schema.Record(Schema.String, Schema.Array(Offset)) })
)
const encodeUserData = Schema.encodeSync(UserData)
const decodeUserData = Schema.decodeUnknownOption(UserData)

const byTopic = (partitions: ReadonlyArray<TopicPartition>): Record<string, Array<number>> => {
  const topics: Record<string, Array<number>> = {}
  for (const { partition, topic } of partitions) (topics[topic] ??= []).push(partition)
  return topics
}

const fromTopics = (topics: Readonly<Record<string, ReadonlyArray<number>>>): ReadonlyArray<TopicPartition> =>
  Object.entries(topics).flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))

/** What a member offers when it joins, the preferred protocol first. */
export const protocolsOf = (topics: ReadonlyArray<string>, { generation, partitions }: Possession) => {
  const userData = Buffer.from(encodeUserData({ generation, owned: byTopic(partitions) }))
  return [
    { name: sticky, metadata: MemberMetadata.encode({ version, topics, userData }) },
    { name: roundRobin, metadata: MemberMetadata.encode({ version, topics }) }
  ]
}

/** What a member says it had; nothing when it says it in a way not known here. */
const possessionOf = (userData: Buffer | null): Possession =>
  Option.match(decodeUserData(userData?.toString() ?? ""), {
    onNone: () => nothing,
    onSome: ({ generation, owned }) => ({ generation, partitions: fromTopics(owned) })
  })

const claimantOf = ({ memberId, memberMetadata }: Member): Claimant => {
  const { topics, userData } = MemberMetadata.decode(memberMetadata)
  const { generation, partitions } = possessionOf(userData)
  return { id: memberId, topics, owned: partitions, generation }
}

/** All partitions over all members in turn, in the order of their ids, as members of an older version expect it. */
const inTurn = (
  partitions: ReadonlyArray<TopicPartition>,
  members: ReadonlyArray<Claimant>
): ReadonlyMap<string, ReadonlyArray<TopicPartition>> => {
  const ids = members.map(({ id }) => id).toSorted()
  const shares = new Map(ids.map((id): [string, Array<TopicPartition>] => [id, []]))
  for (const [index, partition] of partitions.entries()) shares.get(ids[index % ids.length]!)!.push(partition)
  return shares
}

/** The leader's part: the share of each member by the protocol that the group has taken. */
export const sharesOf = (
  protocol: string,
  members: ReadonlyArray<Member>,
  partitionsOf: (topic: string) => number
): ReadonlyArray<Share> => {
  const claimants = members.map(claimantOf)
  const topics = [...new Set(claimants.flatMap(({ topics }) => topics))].toSorted()
  const partitions = topics.flatMap((topic) =>
    Array.from({ length: partitionsOf(topic) }, (_, partition) => ({ topic, partition }))
  )
  const shares =
    protocol === sticky ? withoutOwned(assign(partitions, claimants), claimants) : inTurn(partitions, claimants)
  return Array.from(shares, ([memberId, share]) => ({
    memberId,
    memberAssignment: MemberAssignment.encode({ version, assignment: byTopic(share) })
  }))
}

/** What the leader gave this member. */
export const shareOf = (memberAssignment: Buffer): ReadonlyArray<TopicPartition> =>
  fromTopics(MemberAssignment.decode(memberAssignment)?.assignment ?? {})
