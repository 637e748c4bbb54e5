/**
 * Requesters made of plain functions, for tests of code that makes calls. Nothing is sent, encoded or timed.
 */
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import { operationsOf } from "../contract/Operation.ts"
import type { RequestError } from "./RequestError.ts"
import type { Requester } from "./Requester.ts"

/** A function for each operation: from what the caller passed to the outcome of the call. */
export type Methods<Rpcs extends Rpc.Any> = {
  readonly [Current in Rpcs as Current["_tag"]]: (
    payload: Rpc.PayloadConstructor<Current>
  ) => Effect.Effect<Rpc.Success<Current>, Rpc.Error<Current> | RequestError>
}

/** A requester whose clients are these functions. */
export const mock = <Rpcs extends Rpc.Any>(methods: Partial<Methods<Rpcs>>): Requester<Rpcs> => ({
  client: <Asked extends Rpcs>(contract: RpcGroup.RpcGroup<Asked>) =>
    Effect.sync(() => {
      const given = methods as Readonly<Record<string, (payload: unknown) => Effect.Effect<unknown, unknown>>>
      const made: Record<string, unknown> = Object.create(null)
      for (const { tag } of operationsOf(contract)) {
        // Called inside the effect, as a real call does everything there.
        made[tag] = (payload: unknown) =>
          Effect.suspend(
            () =>
              given[tag]?.(payload) ?? Effect.die(new Error(`${tag} was called, and the mock has no function for it`))
          )
      }
      return made as never
    }),
  inFlight: Effect.succeed(0)
})
