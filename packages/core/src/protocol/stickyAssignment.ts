/**
 * Which member of a group gets which partitions: balanced first, then as few moves as that allows.
 *
 * Pure and total. What members say of themselves is theirs to send (`kafkajs/internal/groupProtocols.ts`).
 */
import { partitionKey, type TopicPartition } from "../kafka/KafkaRecord.ts"

/** A member as it presents itself when it joins. */
export interface Claimant {
  readonly id: string
  readonly topics: ReadonlyArray<string>
  /** What it owned last, and the generation it owned it in: of two claims to a partition the newer one counts. */
  readonly owned: ReadonlyArray<TopicPartition>
  readonly generation: number
}

interface Share {
  readonly member: Claimant
  /** Of the topic that is being spread. */
  kept: Array<TopicPartition>
  readonly all: Array<TopicPartition>
}

/** Of two claims to one partition, who has the better one. */
const isNewer = (one: Claimant, other: Claimant): boolean =>
  one.generation > other.generation || (one.generation === other.generation && one.id < other.id)

/** The member that owned each partition last. */
const ownersOf = (members: ReadonlyArray<Claimant>): ReadonlyMap<string, Claimant> => {
  const owners = new Map<string, Claimant>()
  for (const member of members) {
    for (const partition of member.owned) {
      const key = partitionKey(partition)
      const owner = owners.get(key)
      if (owner === undefined || isNewer(member, owner)) owners.set(key, member)
    }
  }
  return owners
}

/** Spreads the partitions of one topic. */
const spread = (
  partitions: ReadonlyArray<TopicPartition>,
  able: ReadonlyArray<Share>,
  owners: ReadonlyMap<string, Claimant>
): void => {
  const least = Math.floor(partitions.length / able.length)
  let larger = partitions.length % able.length
  const byMember = new Map(able.map((share) => [share.member, share]))
  for (const share of able) share.kept = []
  const free: Array<TopicPartition> = []
  for (const partition of partitions) {
    const owner = owners.get(partitionKey(partition))
    const share = owner === undefined ? undefined : byMember.get(owner)
    if (share === undefined) free.push(partition)
    else share.kept.push(partition)
  }
  // The larger shares go to those who own more than a small one: nothing moves for them.
  const inTurn = [...able].sort(
    (a, b) =>
      Number(b.kept.length > least) - Number(a.kept.length > least) ||
      a.all.length - b.all.length ||
      (a.member.id < b.member.id ? -1 : 1)
  )
  const wanting: Array<readonly [Share, number]> = []
  for (const share of inTurn) {
    const size = larger-- > 0 ? least + 1 : least
    free.push(...share.kept.splice(size))
    wanting.push([share, size])
  }
  free.sort((a, b) => a.partition - b.partition)
  for (const [share, size] of wanting) {
    share.kept.push(...free.splice(0, size - share.kept.length))
    share.all.push(...share.kept.sort((a, b) => a.partition - b.partition))
  }
}

/**
 * The share of each member: of every topic within one partition of each other's among those who want the topic, and with
 * the fewest partitions taken from members that want to keep them.
 */
export const assign = (
  partitions: ReadonlyArray<TopicPartition>,
  members: ReadonlyArray<Claimant>
): ReadonlyMap<string, ReadonlyArray<TopicPartition>> => {
  const shares = members.map((member): Share => ({ member, kept: [], all: [] }))
  const owners = ownersOf(members)
  for (const [topic, ofTopic] of Map.groupBy(partitions, (partition) => partition.topic)) {
    const able = shares.filter(({ member }) => member.topics.includes(topic))
    if (able.length > 0) spread(ofTopic, able, owners)
  }
  return new Map(shares.map(({ all, member }) => [member.id, all]))
}

/**
 * The same shares without what another member still owns: that member lets go first, and then all join again. A member that
 * claims what it does not get must therefore join again, whether it works on it or not.
 */
export const withoutOwned = (
  shares: ReadonlyMap<string, ReadonlyArray<TopicPartition>>,
  members: ReadonlyArray<Claimant>
): ReadonlyMap<string, ReadonlyArray<TopicPartition>> => {
  const owners = ownersOf(members)
  const isFreeFor = (id: string) => (partition: TopicPartition) => {
    const owner = owners.get(partitionKey(partition))
    return owner === undefined || owner.id === id
  }
  return new Map(Array.from(shares, ([id, share]) => [id, share.filter(isFreeFor(id))]))
}
