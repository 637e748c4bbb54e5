import { assert, describe, it } from "@effect/vitest"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Contract from "../../src/contract/Contract.ts"
import { ascii, elementOf, oneOf, text, topic } from "../wire/arbitraries.ts"
import { Ping, Stock } from "./stock.ts"

const named = (name: string) => RpcGroup.make(Ping).annotate(Contract.Name, name)

describe("the names of a contract", () => {
  it("are made of its name", () => {
    assert.deepStrictEqual(Contract.namesOf(Stock), {
      name: "stock",
      requests: "stock.requests",
      replies: "stock.replies",
      control: "stock.control",
      responderGroup: "stock.responder"
    })
  })

  it.prop(
    "are legal in Kafka, or there are none",
    [oneOf(topic, text(0, 20), ascii(0, 300), elementOf(["", ".", "..", "a".repeat(230), "a".repeat(231), "a\n"]))],
    ([name]) => {
      const names = Contract.namesOf(named(name))
      const isLegal = /^[a-zA-Z0-9._-]{1,230}$/.test(name) && !name.includes("\n")
      assert.strictEqual(names !== undefined, isLegal)
      if (names === undefined) return
      for (const derived of [names.requests, names.replies, names.control, names.responderGroup]) {
        assert.match(derived, /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/)
      }
      assert.strictEqual(new Set(Object.values(names)).size, 5)
    },
    { arbitrary: { runs: 300 } }
  )

  it("are absent when the group has none", () => {
    assert.isUndefined(Contract.namesOf(RpcGroup.make(Ping)))
  })
})
