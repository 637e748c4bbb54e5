import { assert, describe, it } from "@effect/vitest"
import { protocolsOf, roundRobin, sharesOf, shareOf, sticky } from "../../../src/kafkajs/internal/groupProtocols.ts"
import type { Member } from "../../../src/kafkajs/internal/kafkajsInternals.ts"
import { MemberMetadata } from "../../../src/kafkajs/internal/kafkajsInternals.ts"

const topic = "requests"
const topics = [topic]

/** What a coordinator hands the leader of a member, under the protocol that the group has taken. */
const memberOf = (memberId: string, protocol: string, generation: number, owned: ReadonlyArray<number>): Member => ({
  memberId,
  memberMetadata: protocolsOf(topics, {
    generation,
    partitions: owned.map((partition) => ({ topic, partition }))
  }).find(({ name }) => name === protocol)!.metadata
})

const assigned = (protocol: string, members: ReadonlyArray<Member>, count: number) =>
  Object.fromEntries(
    sharesOf(protocol, members, () => count).map(({ memberAssignment, memberId }) => [
      memberId,
      shareOf(memberAssignment).map(({ partition }) => partition)
    ])
  )

describe("the protocols of a group", () => {
  it("prefers the sticky one, and still offers what members of before know", () => {
    const offered = protocolsOf(topics, { generation: -1, partitions: [] }).map(({ name }) => name)
    assert.deepStrictEqual(offered, [sticky, roundRobin])
  })

  it("members keep what they say they had, and what is to move is nobody's until its owner has joined without it", () => {
    const members = [memberOf("a", sticky, 4, [3, 1]), memberOf("b", sticky, 4, [0, 2])]
    assert.deepStrictEqual(assigned(sticky, members, 4), { a: [1, 3], b: [0, 2] })
    const joined = [...members, memberOf("c", sticky, -1, [])]
    assert.deepStrictEqual(assigned(sticky, joined, 4), { a: [1, 3], b: [0], c: [] })
    const again = [memberOf("a", sticky, 5, [1, 3]), memberOf("b", sticky, 5, [0]), memberOf("c", sticky, 5, [])]
    assert.deepStrictEqual(assigned(sticky, again, 4), { a: [1, 3], b: [0], c: [2] })
  })

  it("a group with a member of before shares in turn, as that member would", () => {
    const old: Member = { memberId: "b", memberMetadata: MemberMetadata.encode({ version: 0, topics }) }
    const members = [memberOf("c", roundRobin, 4, [0]), old, memberOf("a", roundRobin, 4, [1, 2])]
    assert.deepStrictEqual(assigned(roundRobin, members, 4), { a: [0, 3], b: [1], c: [2] })
  })

  it("user data of another kind is no claim", () => {
    for (const text of ["", "x", "{}", '{"generation":1}', '{"generation":1,"owned":{"requests":[-1]}}', "null"]) {
      const userData = Buffer.from(text)
      const members: ReadonlyArray<Member> = [
        { memberId: "a", memberMetadata: MemberMetadata.encode({ version: 0, topics, userData }) },
        memberOf("b", sticky, 1, [0])
      ]
      assert.deepStrictEqual(assigned(sticky, members, 2), { a: [1], b: [0] })
    }
  })
})
