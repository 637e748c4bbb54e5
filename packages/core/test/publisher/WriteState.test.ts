import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import {
  because,
  NoAnswer,
  NoSuchTopic,
  Refused,
  TooLarge,
  type TransportError,
  Unavailable,
  Unreachable
} from "../../src/kafka/TransportError.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import * as WriteState from "../../src/publisher/WriteState.ts"
import { elementOf } from "../wire/arbitraries.ts"
import { Item } from "./ScriptedLink.ts"

const error = because(new NoAnswer({ detail: "silence" }))
const unavailable = (code: string): TransportError => because(new Unavailable({ code, detail: "" }))

describe("P4/certainty: the state of a write", () => {
  /** What each try really did, and what was said of it: a verdict that knows is right. */
  const tries = Arbitrary.array(
    elementOf([
      { wrote: true, verdict: Verdict.written },
      { wrote: true, verdict: Verdict.unknown(error) },
      { wrote: false, verdict: Verdict.unknown(error) },
      { wrote: false, verdict: Verdict.notWritten(error) }
    ]),
    { maxLength: 6 }
  )

  it.prop("is true after any tries, and says when a record may be there twice", [tries], ([tries]) => {
    const item = new Item(0)
    let times = 0
    assert.strictEqual(item.delivery, "not-sent")
    for (const { verdict, wrote } of tries) {
      item.state = WriteState.sent(item.state)
      assert.strictEqual(item.delivery, "unknown")
      if (wrote) times++
      item.state = WriteState.judged(item.state, verdict)
      if (item.delivery === "not-sent") assert.strictEqual(times, 0)
      if (item.delivery === "acknowledged") {
        assert.isAbove(times, 0)
        if (!item.isUnclear) assert.strictEqual(times, 1)
        return assert.isUndefined(item.lastError)
      }
      assert.strictEqual(item.lastError, error)
    }
    const before = item.delivery
    item.state = WriteState.givenUp(item.state, error)
    assert.strictEqual(item.delivery, before)
  })

  it("keeps why the last try failed while the next one is under way", () => {
    const failed = WriteState.judged(WriteState.sent(WriteState.queued), Verdict.notWritten(error))
    assert.strictEqual(WriteState.errorOf(WriteState.sent(failed)), error)
  })

  it("given up in flight stays in doubt", () => {
    assert.strictEqual(WriteState.givenUp(WriteState.sent(WriteState.queued), error)._tag, "Unknown")
    assert.strictEqual(WriteState.givenUp(WriteState.queued, error)._tag, "NotWritten")
  })
})

describe("P4/certainty: what a broker's refusal says of the records", () => {
  it.each<readonly [TransportError, Verdict.Unwritten["_tag"]]>([
    [unavailable("NOT_ENOUGH_REPLICAS"), "NotWritten"],
    [unavailable("LEADER_NOT_AVAILABLE"), "NotWritten"],
    [because(new NoSuchTopic({ topic: "t" })), "NotWritten"],
    [because(new TooLarge({ topic: "t", detail: "" })), "NotWritten"],
    [because(new Refused({ code: "INVALID_RECORD", detail: "" })), "NotWritten"],
    [unavailable("NOT_ENOUGH_REPLICAS_AFTER_APPEND"), "Unknown"],
    [unavailable("NOT_LEADER_FOR_PARTITION"), "Unknown"],
    [unavailable("NOT_LEADER_OR_FOLLOWER"), "Unknown"],
    [because(new NoAnswer({ detail: "REQUEST_TIMED_OUT" })), "Unknown"],
    [because(new Unreachable({ brokers: [], detail: "lost" })), "Unknown"],
    [unavailable("of a later version"), "Unknown"]
  ])("%s", (refusal, tag) => {
    assert.strictEqual(Verdict.ofRefusal(refusal)._tag, tag)
  })
})
