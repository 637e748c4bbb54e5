/**
 * P4. The caller learns what is known: what is wrong is said before sending, by a status at once, or as what it is.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import * as ReplyHeaders from "../../../src/responder/ReplyHeaders.ts"
import * as ReplyEnvelope from "../../../src/wire/ReplyEnvelope.ts"
import { Refused } from "./TestContract.ts"
import { reasonOf, requestErrorOf, statusOf } from "./failures.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, launch, newContract, pair, serve } from "./programs.ts"
import { bytes, namesOf, post, requestIn, watch } from "./topics.ts"

const manyHeaders = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`x-${index}`, "1"]))

const echo = { Work: ({ id }: { readonly id: string }) => Effect.succeed(`done ${id}`) }

const defectOf = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.map(Effect.exit(call), (exit) => {
    if (Exit.isSuccess(exit)) throw new Error("it succeeded")
    assert.isTrue(Cause.hasDies(exit.cause))
    return Cause.squash(exit.cause) as Error
  })

export const certaintyLaws = (law: Law): void => {
  law(
    "P4/certainty: what is wrong with a call is said before anything is sent",
    Effect.gen(function* () {
      const { contract, client } = yield* pair(echo, { requester: { maxRequestBytes: 100, maxTimeout: "1 minute" } })
      const sent = yield* watch(namesOf(contract).requests)
      const work = client.Work({ id: "1" })
      const errors = [
        yield* requestErrorOf(client.Work({ id: 1 as never })),
        yield* requestErrorOf(client.Work({ id: "x".repeat(100) })),
        yield* requestErrorOf(RpcClient.withHeaders(work, { rr: "v=1" })),
        yield* requestErrorOf(client.Work({ id: "1" }, { headers: { kafka_replytopic: "x" } })),
        yield* requestErrorOf(client.Work({ id: "1" }, { headers: { large: "x".repeat(60_000) } })),
        yield* requestErrorOf(client.Work({ id: "1" }, { headers: manyHeaders })),
        yield* requestErrorOf(Requester.withTimeout("2 minutes")(work)),
        yield* requestErrorOf(Requester.withTimeout(0)(work)),
        yield* requestErrorOf(Requester.withTimeout("-1 second")(work))
      ]
      assert.deepStrictEqual(
        errors.map(({ reason }) => reason._tag),
        [
          "InvalidPayload",
          "RequestTooLarge",
          "InvalidHeaders",
          "InvalidHeaders",
          "InvalidHeaders",
          "InvalidHeaders",
          "InvalidTimeout",
          "InvalidTimeout",
          "InvalidTimeout"
        ]
      )
      for (const error of errors) {
        assert.isTrue(error.isCertainlyNotExecuted)
        assert.isFalse(error.isTransient)
      }
      assert.strictEqual(yield* work, "done 1")
      yield* until("the one good call is seen", () => sent.length > 0)
      assert.strictEqual(sent.length, 1)
    })
  )

  law(
    "P4/certainty: a handler that dies is reported as dying, and the responder goes on",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Work: ({ id }) => (id === "bad" ? Effect.die(new Error("out of paper")) : Effect.succeed(`done ${id}`)),
        Find: () => {
          throw new TypeError("a synchronous throw")
        }
      })
      assert.strictEqual((yield* defectOf(client.Work({ id: "bad" }))).message, "out of paper")
      assert.strictEqual((yield* defectOf(client.Find({ id: "bad" }))).message, "a synchronous throw")
      assert.strictEqual(yield* client.Work({ id: "good" }), "done good")
    })
  )

  law(
    "P4/certainty: with hideDefects a defect is an internal error with an id, and its content stays at the responder",
    Effect.gen(function* () {
      const { client } = yield* pair(
        { Work: () => Effect.die(new Error("the password is 1234")) },
        { responder: { hideDefects: true } }
      )
      const reason = yield* reasonOf(client.Work({ id: "1" }))
      assert(reason._tag === "Unanswerable")
      assert.strictEqual(reason.status, "internal")
      assert.match(reason.detail, /^internal error, id [0-9a-f]{32}$/)
    })
  )

  law(
    "P4/certainty: a cause of several reasons arrives whole",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Work: () =>
          Effect.failCause(
            Cause.combine(Cause.fail(new Refused({ why: "no", isFinal: false })), Cause.die(new Error("and worse")))
          )
      })
      const exit = yield* Effect.exit(client.Work({ id: "1" }))
      assert(Exit.isFailure(exit))
      const [fail, die] = exit.cause.reasons
      assert(fail !== undefined && Cause.isFailReason(fail) && die !== undefined && Cause.isDieReason(die))
      assert.deepStrictEqual(fail.error, new Refused({ why: "no", isFinal: false }))
      assert.strictEqual((die.defect as Error).message, "and worse")
    })
  )

  law(
    "P4/certainty: a handler that interrupts itself is reported as interrupted",
    Effect.gen(function* () {
      const { client } = yield* pair({ Work: () => Effect.interrupt })
      assert.strictEqual((yield* reasonOf(client.Work({ id: "1" })))._tag, "Interrupted")
    })
  )

  law(
    "P4/certainty: a reply that does not fit the contract, or no record, is answered by a status at once",
    Effect.gen(function* () {
      const { client } = yield* pair(
        {
          Work: ({ id }) => Effect.succeed(id === "large" ? "x".repeat(2_000) : (17 as never)),
          Find: () => Effect.fail("not the declared error" as never)
        },
        { responder: { maxReplyBytes: 1_000 } }
      )
      assert.strictEqual(yield* statusOf(client.Work({ id: "large" })), "reply-too-large")
      assert.strictEqual(yield* statusOf(client.Work({ id: "wrong" })), "reply-invalid")
      assert.strictEqual(yield* statusOf(client.Find({ id: "wrong" })), "reply-invalid")
    })
  )

  law(
    "P4/certainty: a reply larger than its topic takes is answered by a status at once",
    Effect.gen(function* () {
      const { client } = yield* pair(
        { Work: ({ id }) => Effect.succeed("x".repeat(Number(id))) },
        { responder: { maxReplyBytes: 8_000_000 } }
      )
      assert.strictEqual(yield* statusOf(client.Work({ id: "2000000" })), "reply-too-large")
      assert.strictEqual(yield* client.Work({ id: "3" }), "xxx")
    })
  )

  law(
    "P4/certainty: a payload that this responder cannot read is answered invalid, an operation it does not have unimplemented",
    Effect.gen(function* () {
      const contract = newContract()
      const { name } = namesOf(contract)
      yield* serve(contract, echo)
      const other = RpcGroup.make(
        Rpc.make("Work", { payload: { number: Schema.Int }, success: Schema.String }),
        Rpc.make("Added", { payload: { id: Schema.String }, success: Schema.String })
      ).annotate(Contract.Name, name)
      const { context } = yield* launch(Requester.layer(other, { topics: "create" }))
      const client = yield* Effect.provide(Requester.client(other), context)
      assert.strictEqual(yield* statusOf(client.Work({ number: 1 })), "invalid")
      assert.strictEqual(yield* statusOf(client.Added({ id: "1" })), "unimplemented")
    })
  )

  law(
    "P4/certainty: a reply that this caller cannot read is an error of the call",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract, { replyPartition: 0 })
      const { replies, requests } = namesOf(contract)
      const sent = yield* watch(requests)
      const bodies = [`17`, `{`, `"fine"`]
      for (const [index, body] of bodies.entries()) {
        const call = yield* Effect.forkChild(Effect.exit(client.Work({ id: "1" })), { startImmediately: true })
        yield* until("the request is written", () => sent.length === index + 1)
        const { correlationId } = requestIn(sent[index]!)
        const headers = ReplyEnvelope.encode({ correlationId, outcome: "success", attempt: 1, at: 0 })
        yield* post(replies, { headers, value: bytes(body) })
        const exit = yield* Fiber.join(call)
        if (index === 2) assert.deepStrictEqual(exit, Exit.succeed("fine"))
        else assert.strictEqual((yield* reasonOf(exit))._tag, "InvalidReply")
      }
    })
  )

  law(
    "P4/certainty: a call that timed out says that the broker had it",
    Effect.gen(function* () {
      const { client } = yield* connect(newContract())
      const call = yield* client
        .Work({ id: "1" })
        .pipe(Requester.withTimeout("500 millis"), requestErrorOf, Effect.forkChild({ startImmediately: true }))
      yield* advance("600 millis")
      const error = yield* Fiber.join(call)
      assert(error.reason._tag === "Timeout")
      assert.strictEqual(error.reason.delivery, "acknowledged")
      assert.strictEqual(error.reason.attempts, 1)
      assert.match(error.reason.correlationId, /^[0-9a-f]{32}$/)
      assert.isFalse(error.isCertainlyNotExecuted)
      assert.isTrue(error.isTransient)
    })
  )

  law(
    "P4/certainty: a reply with more headers than a record may have is answered by a status at once",
    Effect.gen(function* () {
      const { client } = yield* pair({
        Work: ({ id }) =>
          Effect.as(
            id === "many"
              ? Effect.forEach(Object.entries(manyHeaders), ([name, value]) => ReplyHeaders.add(name, value))
              : ReplyHeaders.add("x-large", "x".repeat(Number(id))),
            "done"
          )
      })
      assert.strictEqual(yield* statusOf(client.Work({ id: "70000" })), "reply-too-large")
      assert.strictEqual(yield* statusOf(client.Work({ id: "many" })), "reply-too-large")
      assert.strictEqual(yield* client.Work({ id: "50000" }), "done")
    })
  )
}
