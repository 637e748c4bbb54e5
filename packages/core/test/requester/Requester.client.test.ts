import { assert, describe } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../src/contract/Contract.ts"
import * as Requester from "../../src/requester/Requester.ts"
import { overMemory } from "../responder/stuck.ts"
import { newName, pair } from "../suites/requestReply/programs.ts"

const deathOf = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) && Cause.hasDies(exit.cause) ? String(Cause.squash(exit.cause)) : "it did not die"

describe("a client", () => {
  overMemory(
    "of another group with the name of one that the layer was given is checked as that one was",
    Effect.gen(function* () {
      const name = newName()
      const Work = Rpc.make("Work", { payload: { id: Schema.String }, success: Schema.String })
      const given = RpcGroup.make(Work).annotate(Contract.Name, name)
      const requester = yield* Requester.make([given], { topics: "create" })
      const client = <R extends Rpc.Any>(group: RpcGroup.RpcGroup<R>) => Effect.exit(requester.client(group as never))
      const streaming = RpcGroup.make(Rpc.make("Watch", { success: Schema.String, stream: true }))
      assert.match(deathOf(yield* client(streaming.annotate(Contract.Name, name))), /Requester\.client.*Watch.*streams/)
      const late = RpcGroup.make(Work.annotate(Contract.Timeout, "1 hour")).annotate(Contract.Name, name)
      assert.match(deathOf(yield* client(late)), /Requester\.client.*timeout/s)
      assert.match(deathOf(yield* client(given.annotate(Contract.Name, newName()))), /not among those given/)
      // A group of its own that can be called is as good.
      assert.isTrue(Exit.isSuccess(yield* client(RpcGroup.make(Work).annotate(Contract.Name, name))))
    })
  )

  overMemory(
    "is told of headers that are no text by their name, whatever they are",
    Effect.gen(function* () {
      const { client } = yield* pair({ Work: ({ id }) => Effect.succeed(id) })
      for (const headers of [null, { tenant: null }, { tenant: 7 }, 7, [["tenant", true]]]) {
        const error = yield* Effect.flip(client.Work({ id: "1" }, { headers: headers as never }))
        assert.include(String(error), "not allowed")
        assert.match(String(error), headers === null || headers === 7 ? /not a record/ : /tenant .*takes text/)
      }
    })
  )
})
