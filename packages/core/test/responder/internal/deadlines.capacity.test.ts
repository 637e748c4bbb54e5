/**
 * Replies that are given up because others need their room, beside what the publisher says of them in the same moment.
 */
import { assert, describe, it } from "@effect/vitest"
import { because, NoSuchTopic } from "../../../src/kafka/TransportError.ts"
import * as WriteState from "../../../src/publisher/WriteState.ts"
import { accepted } from "../../../src/responder/internal/answer.ts"
import { tick } from "../../../src/responder/internal/deadlines.ts"
import { type Fates, ReplyPublication } from "../../../src/responder/internal/replyPublication.ts"
import * as Runs from "../../../src/responder/internal/runs.ts"
import type { TakenRecord } from "../../../src/responder/internal/state.ts"
import * as Step from "../../../src/responder/internal/step.ts"
import { recordAt, requestHeaders } from "../fixtures.ts"
import { machineOf, procedureNamed } from "../machine.ts"

const refusal = because(new NoSuchTopic({ topic: "stock.replies" }))

describe("P6/discard: a reply that was refused while others need its room", () => {
  it("is given up once: the handler it told of goes on, and its offset stays open", () => {
    const machine = machineOf({ maxOpenBytes: 1 }, [procedureNamed("Order")])
    Step.assigned(machine, [{ topic: "stock.requests", partition: 0, committed: 0, metadata: "" }])
    const headers = requestHeaders({ operation: "Order", isDiscard: true, deadline: 60_000, timeout: 60_000 })
    Step.records(machine, [recordAt(0, { headers })], 0, 0)
    const [run] = machine.runs
    Runs.started(machine, run!, false, 0)
    const { request } = run!
    const written: Array<TakenRecord> = []
    const fates: Fates = { written: ({ taken }) => written.push(taken), refused: ({ taken }) => written.push(taken) }
    const reply = { addressee: request, answer: accepted, headers: [] }
    const publication = new ReplyPublication(request, reply, 0, false, { from: "a", ctl: 0 }, fates)
    request.reply = publication
    request.repliedAt = 0
    assert.strictEqual(Step.records(machine, [recordAt(1, { headers })], 0, 0), 0, "there is no room for another")
    // The publisher gives it up; what it says counts with the next turn. The timer comes before that.
    publication.state = WriteState.givenUp(publication.state, refusal)
    publication.onRefused(refusal)
    tick(machine, 6_000)
    Step.written(machine, written)
    assert.deepStrictEqual([machine.ownership.open, request.owed], [1, 1])
  })
})
