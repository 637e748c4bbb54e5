/**
 * Where the context keeps requesters: under a key for each operation of each contract, so that the types, which name
 * operations, say what is there, and requesters of several contracts or of parts of one lie beside each other.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import { type AnyGroup, operationsOf } from "../../contract/Operation.ts"
import type { Requester, Serves } from "../Requester.ts"
import { type AnyMethod, nameOf } from "./clients.ts"

type AnyRequester = Requester<Rpc.Any>

const keyOf = (contract: string, tag: string) =>
  Context.Service<Serves<Rpc.Any>, AnyRequester>(`@kafka-request-reply/core/requester/Requester/${contract}/${tag}`)

/** A context in which the requester serves these contracts. */
export const provided = (
  groups: ReadonlyArray<AnyGroup>,
  requester: AnyRequester
): Context.Context<Serves<Rpc.Any>> => {
  let context = Context.empty() as Context.Context<Serves<Rpc.Any>>
  for (const group of groups) {
    for (const { tag } of operationsOf(group)) {
      context = Context.add(context, keyOf(nameOf(group), tag), requester)
    }
  }
  return context
}

/** Each requester that serves operations of the contract, with those it serves. */
const servingOf = Effect.fnUntraced(function* (contract: AnyGroup) {
  const context = yield* Effect.context<never>()
  const name = nameOf(contract)
  const serving = new Map<AnyRequester, Set<string>>()
  for (const { tag } of operationsOf(contract)) {
    const requester = Context.getOrUndefined(context, keyOf(name, tag))
    if (requester === undefined) {
      const detail = `no requester in the context serves ${tag} of the contract "${name}"; give it to Requester.layer`
      return yield* Effect.die(new Error(detail))
    }
    serving.set(requester, (serving.get(requester) ?? new Set()).add(tag))
  }
  return serving
})

/** A client of the contract, each of its methods from the requester that serves the operation. */
export const client = Effect.fnUntraced(function* (contract: AnyGroup) {
  const serving = yield* servingOf(contract)
  const [only] = serving.keys()
  if (serving.size === 1 && only !== undefined) return yield* only.client(contract)
  const methods: Record<string, AnyMethod> = Object.create(null)
  for (const [requester, tags] of serving) {
    const others = operationsOf(contract).flatMap(({ tag }) => (tags.has(tag) ? [] : [tag]))
    Object.assign(methods, yield* requester.client(contract.omit(...others)))
  }
  return methods
})

/** The calls in flight of all requesters that serve operations of the contract. */
export const inFlight = Effect.fnUntraced(function* (contract: AnyGroup) {
  let calls = 0
  for (const requester of (yield* servingOf(contract)).keys()) calls += yield* requester.inFlight
  return calls
})
