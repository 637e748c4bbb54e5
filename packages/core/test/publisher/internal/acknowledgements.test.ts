import { assert, describe, it } from "@effect/vitest"
import { errorFor } from "../../../src/publisher/internal/acknowledgements.ts"
import { because, Unavailable } from "../../../src/kafka/TransportError.ts"
import { Item, topic } from "../ScriptedLink.ts"

const error = because(new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "" }))
const at = (partition: number, name = topic) => new Item(0, { partition, topic: name })

describe("acknowledgements", () => {
  it("takes a partition for acknowledged only when the broker said so", () => {
    const errorOf = errorFor([
      { topic, partition: 0 },
      { topic, partition: 1, error }
    ])
    assert.isUndefined(errorOf(at(0)))
    assert.strictEqual(errorOf(at(1)), error)
    assert.strictEqual(errorOf(at(2))?.reason._tag, "Unacknowledged")
    assert.strictEqual(errorOf(at(0, "another"))?.reason._tag, "Unacknowledged")
    assert.strictEqual(errorFor([])(at(0))?.reason._tag, "Unacknowledged")
  })

  it("keeps the error of a partition that is named twice, in either order", () => {
    const good = { topic, partition: 0 }
    const bad = { topic, partition: 0, error }
    assert.strictEqual(errorFor([good, bad])(at(0)), error)
    assert.strictEqual(errorFor([bad, good])(at(0)), error)
  })
})
