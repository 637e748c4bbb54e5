/**
 * What tests of a responder that must not get stuck share: tests over memory in virtual time, and what was committed.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { ContractNames } from "../../src/contract/Contract.ts"
import * as MemoryBroker from "../../src/memory/MemoryBroker.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { advance, layerVirtual } from "../suites/requestReply/Harness.ts"

const environment = Layer.merge(MemoryTransport.layer, layerVirtual)

export const overMemory = (
  name: string,
  body: Effect.Effect<void, unknown, Layer.Success<typeof environment> | Scope.Scope>
): void => it.effect(name, () => Effect.provide(body, environment))

/** The committed offsets of all partitions together, when everything due is committed. */
export const committed = Effect.fnUntraced(function* ({ responderGroup }: ContractNames) {
  yield* advance("1 second")
  const broker = yield* MemoryBroker.MemoryBroker
  return [...broker.group(responderGroup).committed.values()].reduce((sum, { offset }) => sum + offset, 0)
})

/** Starts a call that may end as it will. */
export const begin = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.forkChild(Effect.exit(call), { startImmediately: true })
