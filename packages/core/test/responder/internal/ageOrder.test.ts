import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { AgeOrder, type Aging } from "../../../src/responder/internal/ageOrder.ts"
import { int } from "../../wire/arbitraries.ts"

interface Member extends Aging<Member> {
  readonly name: number
}

const listed = (order: AgeOrder<Member>): ReadonlyArray<Member> => {
  const members: Array<Member> = []
  for (let member = order.oldest; member !== undefined; member = member.newer) members.push(member)
  return members
}

describe("AgeOrder", () => {
  // A number is the place of a member to take out; where there is none, one is added.
  it.prop("keeps the order of an array from which members are taken", [Arbitrary.array(int(0, 8))], ([places]) => {
    const order = new AgeOrder<Member>()
    const expected: Array<Member> = []
    for (const [name, place] of places.entries()) {
      const [gone] = expected.splice(place, 1)
      if (gone === undefined) {
        const member: Member = { name, older: undefined, newer: undefined }
        expected.push(member)
        order.add(member)
      } else {
        order.remove(gone)
        assert.deepStrictEqual([gone.older, gone.newer], [undefined, undefined])
      }
      assert.deepStrictEqual(
        listed(order).map((member) => member.name),
        expected.map((member) => member.name)
      )
    }
  })
})
