/**
 * Clients: the methods of a contract's operations over a started requester.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Contract from "../../contract/Contract.ts"
import { type AnyGroup, clientMiddlewares, operationsOf } from "../../contract/Operation.ts"
import * as Method from "./method.ts"
import type { Started } from "./start.ts"

export type AnyMethod = ReturnType<typeof Method.make>

export const nameOf = (group: AnyGroup): string => Context.get(group.annotations, Contract.Name)

/** How a requester makes clients. Dies for groups that it was not given, or that are named as one but cannot be called. */
export const clientFrom = (started: Started) =>
  Effect.fnUntraced(function* (contract: AnyGroup) {
    const services = yield* Effect.context<never>()
    const name = nameOf(contract)
    const environment = yield* started.environmentOf(contract).pipe(
      Effect.catch((error) => {
        const given = `the group given to Requester.client is not the one of the name "${name}" given to Requester.layer`
        return Effect.die(new Error(`${given}, and its operations cannot be called: ${error.message}`))
      })
    )
    if (environment === undefined) {
      return yield* Effect.die(new Error(`contract "${name}" is not among those given to Requester.layer`))
    }
    // Nothing is inherited that an operation could be called like; what it is as text has a name that none can have.
    const methods: Record<string, AnyMethod> = Object.create(null, {
      [Symbol.toPrimitive]: { value: () => `the client of ${name}` }
    })
    for (const operation of operationsOf(contract)) {
      methods[operation.tag] = Method.make(operation, clientMiddlewares(operation, services), environment)
    }
    return methods
  })
