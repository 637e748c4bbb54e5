/**
 * P1 at the start: what can be known before the first call is said then, typed, and nothing hangs.
 */
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Contract from "../../../src/contract/Contract.ts"
import type { Options } from "../../../src/requester/Options.ts"
import * as Requester from "../../../src/requester/Requester.ts"
import { RequestError } from "../../../src/requester/RequestError.ts"
import * as Responder from "../../../src/responder/Responder.ts"
import type { StartError } from "../../../src/startup/StartError.ts"
import type { Transport } from "../../../src/kafka/Transport.ts"
import * as TestContract from "./TestContract.ts"
import { advance, type Law, until } from "./Harness.ts"
import { connect, launch, newContract, newName, serve } from "./programs.ts"
import { namesOf, watch } from "./topics.ts"

const startReasonOf = <A, E extends { readonly reason: unknown }, R>(starting: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(starting), (error) => error.reason as { readonly _tag: string; readonly message: string })

export const startingLaws = (law: Law): void => {
  law(
    "P1/start: missing topics fail the start, which names all of them and the ways out",
    Effect.gen(function* () {
      const contract = newContract()
      const { control, replies, requests } = namesOf(contract)
      const requester = yield* startReasonOf(connect(contract, { topics: "verify", partitions: 3 }))
      assert.strictEqual(requester._tag, "TopicMissing")
      const [said, ...commands] = requester.message.split("\n")
      assert.strictEqual(
        said,
        `topics ${requests}, ${control}, ${replies} do not exist; create them, or set topics: "create":`
      )
      assert.deepStrictEqual(
        commands.map((command) => /--create --topic (\S+) --partitions (\d) --config /.exec(command)?.slice(1)),
        [
          [requests, "3"],
          [control, "1"],
          [replies, "3"]
        ]
      )
      const deadLetterTopic = `${requests}.dead`
      const responder = yield* startReasonOf(serve(contract, {}, { topics: "verify", deadLetterTopic }))
      assert.strictEqual(responder._tag, "TopicMissing")
      assert.include(responder.message, `topics ${requests}, ${control}, ${deadLetterTopic} do not exist`)
      // With some of them there, the others are named.
      yield* serve(contract, {})
      const lacking = yield* startReasonOf(connect(contract, { topics: "verify" }))
      assert.include(lacking.message, `topic ${replies} does not exist; create it`)
    })
  )

  law(
    "P1/start: topics of all contracts of a requester are told at once",
    Effect.gen(function* () {
      const [one, other] = [newContract(), newContract()]
      const starting = Requester.make([one, other], { topics: "verify", cancelOnInterrupt: false })
      const { message } = yield* startReasonOf(Effect.scoped(starting))
      const [first, second] = [namesOf(one), namesOf(other)]
      assert.include(message, `topics ${first.requests}, ${second.requests}, ${first.replies} do not exist`)
    })
  )

  law(
    "P1/start: with its topics there nothing is created and the start succeeds",
    Effect.gen(function* () {
      const contract = newContract()
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(id) })
      yield* connect(contract)
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(id) }, { topics: "verify" })
      const { client } = yield* connect(contract, { topics: "verify" })
      assert.strictEqual(yield* client.Work({ id: "1" }), "1")
    })
  )

  law(
    "P1/start: a reply partition that does not exist, a contract without a name and a missing handler fail the start",
    Effect.gen(function* () {
      const partition = yield* startReasonOf(connect(newContract(), { replyPartition: 3 }))
      assert.strictEqual(partition._tag, "TooFewPartitions")
      assert.strictEqual((yield* startReasonOf(connect(TestContract.operations)))._tag, "Unnamed")
      assert.strictEqual((yield* startReasonOf(connect(TestContract.named("not a topic name"))))._tag, "Unnamed")
      // As a program that is built from parts may do it, behind the back of the types.
      const withoutHandlers = Responder.layer(newContract(), { topics: "create" }) as unknown as Layer.Layer<
        never,
        StartError,
        Transport
      >
      assert.strictEqual((yield* startReasonOf(launch(withoutHandlers)))._tag, "HandlerMissing")
    })
  )

  law(
    "P1/start: an option that makes no sense fails the start, naming it",
    Effect.gen(function* () {
      const never = "soon" as Duration.Input
      const unusable: ReadonlyArray<Partial<Options>> = [
        { timeout: never },
        { maxTimeout: never },
        { timeout: "2 hours" },
        { startTimeout: never }
      ]
      for (const options of unusable) {
        const reason = yield* startReasonOf(connect(newContract(), options))
        assert.strictEqual(reason._tag, "InvalidOption")
        assert.include(reason.message, Object.keys(options)[0]!)
      }
      const reason = yield* startReasonOf(serve(newContract(), {}, { maxTimeout: never }))
      assert.strictEqual(reason._tag, "InvalidOption")
      assert.include(reason.message, "maxTimeout")
    })
  )

  law(
    "P1/start: an annotation of the contract that no call could go by fails the start, naming it and its operation",
    Effect.gen(function* () {
      const policy = { maxAttempts: 2, baseDelay: "1 second", maxDelay: "1 second" } as const
      const read = Rpc.make("Read").annotate(Contract.Safe, true)
      const unusable: ReadonlyArray<readonly [string, typeof read]> = [
        ["baseDelay", read.annotate(Contract.Retry, { ...policy, baseDelay: "soon" as Duration.Input })],
        ["maxAttempts", read.annotate(Contract.Retry, { ...policy, maxAttempts: Number.NaN })],
        ["attemptTimeout", read.annotate(Contract.Retry, { ...policy, attemptTimeout: 0 })],
        ["timeout", read.annotate(Contract.Timeout, "1 hour")]
      ]
      for (const [name, rpc] of unusable) {
        const group = RpcGroup.make(rpc).annotate(Contract.Name, newName())
        const reason = yield* startReasonOf(launch(Requester.layer(group, { topics: "create" })))
        assert.strictEqual(reason._tag, "InvalidOption", name)
        assert.include(reason.message, `${name} of Read`)
      }
    })
  )

  law(
    "P1/start: an operation whose name cannot travel fails the start, saying so",
    Effect.gen(function* () {
      for (const tag of ["", "half \ud800", "x".repeat(300)]) {
        const group = RpcGroup.make(Rpc.make(tag)).annotate(Contract.Name, newName())
        const reason = yield* startReasonOf(launch(Requester.layer([group], { topics: "create" })))
        assert.strictEqual(reason._tag, "Unsupported")
        assert.include(reason.message, "its name")
      }
    })
  )

  law(
    "P1/start: a client can be written as text",
    Effect.gen(function* () {
      const { client } = yield* connect(newContract())
      assert.match(`${String(client)} ${client as unknown as string}`, /^the client of \S+ the client of \S+$/)
    })
  )

  law(
    "P1/start: streams are refused at the start, on both sides",
    Effect.gen(function* () {
      const group = RpcGroup.make(Rpc.make("Follow", { success: Schema.String, stream: true })).annotate(
        Contract.Name,
        newName()
      )
      const requester = Requester.layer(group, { topics: "create" })
      assert.strictEqual((yield* startReasonOf(launch(requester)))._tag, "Unsupported")
      const responder = Responder.layer(group, { topics: "create" }).pipe(
        Layer.provide(group.toLayer({ Follow: () => Stream.empty }))
      )
      assert.strictEqual((yield* startReasonOf(launch(responder)))._tag, "Unsupported")
    })
  )

  law(
    "P4/start: with detectNoResponder a call that nobody would serve fails before it is sent, until somebody comes",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract, { detectNoResponder: true })
      const written = yield* watch(namesOf(contract).requests)
      yield* advance("3 seconds")
      const error = yield* Effect.flip(client.Work({ id: "early" }))
      assert(error instanceof RequestError)
      assert.strictEqual(error.reason._tag, "NoResponder")
      assert.isTrue(error.isCertainlyNotExecuted)
      assert.isTrue(error.isTransient)
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(id) })
      yield* advance("3 seconds")
      assert.strictEqual(yield* client.Work({ id: "served" }), "served")
      yield* until("the only request that was sent is read", () => written.length > 0)
      assert.strictEqual(written.length, 1)
    })
  )

  law(
    "P4/start: with responderGroup the group that is watched is the one that responders join, and the message says since when",
    Effect.gen(function* () {
      const contract = newContract()
      const group = `${namesOf(contract).requests}-workers`
      const { client } = yield* connect(contract, { detectNoResponder: true, responderGroup: group })
      yield* advance("3 seconds")
      const error = yield* Effect.flip(client.Work({ id: "early" }))
      assert.match(String(error.message), new RegExp(`group ${group} has had no member for [1-9]\\d+ ms`))
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(id) }, { group })
      yield* advance("3 seconds")
      assert.strictEqual(yield* client.Work({ id: "served" }), "served")
    })
  )

  law(
    "P4/start: with detectNoResponder impatient only calls that do not wait fail while nobody serves",
    Effect.gen(function* () {
      const contract = newContract()
      const { client } = yield* connect(contract, { detectNoResponder: "impatient" })
      yield* advance("3 seconds")
      const error = yield* Effect.flip(client.Work({ id: "hurried" }).pipe(Requester.withWaitForReady(false)))
      assert(error instanceof RequestError)
      assert.strictEqual(error.reason._tag, "NoResponder")
      const waiting = yield* Effect.forkChild(
        client.Work({ id: "patient" }).pipe(Requester.withTimeout("20 seconds")),
        {
          startImmediately: true
        }
      )
      yield* serve(contract, { Work: ({ id }) => Effect.succeed(id) })
      yield* advance("3 seconds")
      assert.strictEqual(yield* Fiber.join(waiting), "patient")
    })
  )

  law(
    "P1/start: one requester makes clients of several contracts, and only of those it was given",
    Effect.gen(function* () {
      const [first, second] = [newContract(), newContract()]
      yield* serve(first, { Work: ({ id }) => Effect.succeed(`first ${id}`) })
      yield* serve(second, { Work: ({ id }) => Effect.succeed(`second ${id}`) })
      const { context } = yield* launch(Requester.layer([first, second], { topics: "create" }))
      const clientOf = (contract: TestContract.TestContract) => Effect.provide(Requester.client(contract), context)
      assert.strictEqual(yield* (yield* clientOf(first)).Work({ id: "1" }), "first 1")
      assert.strictEqual(yield* (yield* clientOf(second)).Work({ id: "1" }), "second 1")
      const exit = yield* Effect.exit(clientOf(newContract()))
      assert(Exit.isFailure(exit))
      assert.isTrue(Cause.hasDies(exit.cause))
    })
  )
}
