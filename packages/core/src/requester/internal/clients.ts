/**
 * Clients: the methods of a contract's operations over a started requester. An operation is always that of the contract
 * which the requester was started with, since only that was checked.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Contract from "../../contract/Contract.ts"
import { type AnyGroup, clientMiddlewares, type Operation, operationsOf } from "../../contract/Operation.ts"
import type { Started } from "./start.ts"
import * as UnaryCall from "./unaryCall.ts"

export type Method = ReturnType<typeof UnaryCall.make>

export const nameOf = (group: AnyGroup): string => Context.get(group.annotations, Contract.Name)

/** The operation that a requester was started with, by the contract's name and its own; undefined when it was not. */
export type FindOperation = (contract: string, tag: string) => Operation | undefined

/** Looks up operations of contracts. */
export const operationsIn = (groups: ReadonlyArray<AnyGroup>): FindOperation => {
  const contracts = new Map<string, Map<string, Operation>>()
  for (const group of groups) {
    const operations = contracts.get(nameOf(group)) ?? new Map<string, Operation>()
    for (const operation of operationsOf(group)) operations.set(operation.tag, operation)
    contracts.set(nameOf(group), operations)
  }
  return (contract, tag) => contracts.get(contract)?.get(tag)
}

/** How a requester makes clients of the contracts it was started with. */
export const clientFrom = (groups: ReadonlyArray<AnyGroup>, started: Started) => {
  const find = operationsIn(groups)
  return Effect.fnUntraced(function* (contract: AnyGroup) {
    const services = yield* Effect.context<never>()
    const name = nameOf(contract)
    const environment = started.environmentOf(name)
    const methods: Record<string, Method> = Object.create(null)
    for (const { tag } of operationsOf(contract)) {
      const operation = find(name, tag)
      if (environment === undefined || operation === undefined) {
        return yield* Effect.die(new Error(`this requester was not given ${tag} of the contract "${name}"`))
      }
      methods[tag] = UnaryCall.make(operation, clientMiddlewares(operation, services), environment)
    }
    return methods
  })
}
