/**
 * A contract served and called by promises over one broker in memory.
 */
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { createClient } from "../../src/promises/Client.ts"
import { type Handlers, serve } from "../../src/promises/Server.ts"
import type { Options as RequesterOptions } from "../../src/requester/Options.ts"
import type { Options as ResponderOptions } from "../../src/responder/Options.ts"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import * as TestContract from "../suites/requestReply/TestContract.ts"
import { newContract } from "../suites/requestReply/programs.ts"

export type ContractHandlers = Handlers<RpcGroup.Rpcs<TestContract.TestContract>>

const unexpected = (operation: string) => async () => {
  throw new Error(`nobody expected a call of ${operation}`)
}

const all: ContractHandlers = TestContract.forEachOperation(unexpected)

/** A server and a client of a new contract. */
export const pair = async (
  handlers: Partial<ContractHandlers>,
  options: { readonly requester?: Partial<RequesterOptions>; readonly responder?: Partial<ResponderOptions> } = {}
) => {
  const contract = newContract()
  const transport = MemoryTransport.share()
  const common = { topics: "create", partitions: 1 } as const
  const server = await serve(
    contract,
    { ...all, ...handlers },
    { transport, responder: { ...common, hideDefects: false, ...options.responder } }
  )
  const client = await createClient(contract, { transport, requester: { ...common, ...options.requester } })
  const close = async () => {
    await client.close()
    await server.close()
  }
  return { client, server, contract, transport, [Symbol.asyncDispose]: close }
}

/** A pair with one call whose handler has started, and ends with `done` when it is let through. */
export const gated = async () => {
  const started = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const programs = await pair({
    Work: async () => {
      started.resolve()
      await gate.promise
      return "done"
    }
  })
  const call = programs.client.Work({ id: "1" })
  await started.promise
  return { ...programs, call, letThrough: () => gate.resolve() }
}

/** What a promise is rejected with. */
export const rejection = async (promise: Promise<unknown>): Promise<unknown> => {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error("it was not rejected")
}
