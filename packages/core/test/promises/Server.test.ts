import { assert, describe, it } from "@effect/vitest"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { serve } from "../../src/promises/Server.ts"
import { StartError } from "../../src/startup/StartError.ts"
import { newContract } from "../suites/requestReply/programs.ts"
import { type ContractHandlers, gated, pair, rejection } from "./fixtures.ts"

const work = async ({ id }: { readonly id: string }) => id

describe("a server of promises", () => {
  it("P13: the signal is aborted at the deadline, and the place is free once the promise is settled", async () => {
    const aborted = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const ran: Array<string> = []
    await using programs = await pair(
      {
        Work: async ({ id }, { signal }) => {
          ran.push(id)
          if (id !== "slow") return id
          signal.addEventListener("abort", () => aborted.resolve())
          await gate.promise
          return id
        }
      },
      { responder: { concurrency: 1, clockSkew: 0 } }
    )
    const slow = rejection(programs.client.Work({ id: "slow" }, { timeoutMs: 150 }))
    await slow
    await aborted.promise
    assert.strictEqual(programs.server.running(), 1)
    const next = programs.client.Work({ id: "next" })
    assert.deepStrictEqual(ran, ["slow"])
    gate.resolve()
    assert.strictEqual(await next, "next")
    assert.strictEqual(programs.server.running(), 0)
  })

  it("P12: closing lets handlers finish and answers them, and closed tells when it is done", async () => {
    await using programs = await gated()
    const closing = programs.server.close()
    programs.letThrough()
    assert.strictEqual(await programs.call, "done")
    await closing
    await programs.server.closed
  })

  it("P7: a function that throws before it returns a promise is a defect of its call only", async () => {
    await using programs = await pair({
      Work: (({ id }: { readonly id: string }) => {
        if (id === "throws") throw new Error("at once")
        return Promise.resolve(id)
      }) as ContractHandlers["Work"]
    })
    const error = await rejection(programs.client.Work({ id: "throws" }))
    assert(error instanceof Error)
    assert.include(error.message, "at once")
    assert.strictEqual(await programs.client.Work({ id: "1" }), "1")
  })

  it("P5: repeated requests of one key are answered by the first run", async () => {
    let runs = 0
    await using programs = await pair({ Order: async ({ id }, { key }) => `${key} ${id} ${++runs}` })
    assert.strictEqual(await programs.client.Order({ id: "a", amount: 1 }), "a a 1")
    assert.strictEqual(await programs.client.Order({ id: "a", amount: 1 }), "a a 1")
  })

  it("P1: a start that fails rejects with what is known", async () => {
    const error = await rejection(serve(newContract(), {} as ContractHandlers, { transport: MemoryTransport.share() }))
    assert(error instanceof StartError)
    assert.strictEqual(error.reason._tag, "TopicMissing")
  })
})

describe("the types of serve", () => {
  it("infer what handlers are given, and refuse what is not in the contract", () => {
    const contract = newContract()
    const transport = MemoryTransport.share()
    const kept = { Find: work, Look: work, Put: work, Order: work, Reserve: work, Book: work }
    const rest = { ...kept, Limited: work, Hasty: work, Urgent: work, Sometime: work }
    const right = () =>
      serve(contract, { ...rest, Work: work, Append: async ({ key, seq }) => key.repeat(seq) }, { transport })
    // @ts-expect-error Append resolves with a text
    const wrong = () => serve(contract, { ...rest, Work: work, Append: async ({ seq }) => seq }, { transport })
    // @ts-expect-error Append is missing
    const missing = () => serve(contract, { ...rest, Work: work }, { transport })
    for (const program of [right, wrong, missing]) assert.isFunction(program)
  })
})
