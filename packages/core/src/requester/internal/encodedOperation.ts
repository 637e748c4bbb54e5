/**
 * Operations that carry JSON as it is: for callers who encode payloads and decode exits by themselves. An outcome is the
 * exit as `effect/rpc` encodes it: the effect's success, or its failure for all that is no success.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as PrimaryKey from "effect/PrimaryKey"
import * as Rpc from "effect/rpc/Rpc"
import type * as RpcMessage from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import { type AnyRpc, type Codec, type Operation, primaryKeyOf } from "../../contract/Operation.ts"

export type EncodedExit = RpcMessage.ExitEncoded<unknown, unknown>

/** An encoded payload. */
export class EncodedPayload {
  readonly json: unknown
  constructor(json: unknown) {
    this.json = json
  }
}

class KeyedPayload extends EncodedPayload {
  readonly #key: string
  constructor(json: unknown, key: string) {
    super(json)
    this.#key = key
  }
  [PrimaryKey.symbol](): string {
    return this.#key
  }
}

const codec = <A>(encode: (value: A) => unknown, decode: (json: unknown) => A, mayLose = false): Codec<A> => ({
  mayLose,
  encode: (value) => Effect.succeed(encode(value)),
  decode: (json) => Effect.succeed(decode(json))
})

const unchanged = (value: unknown): unknown => value

/** The operation under the same name and with the same delivery, whose values are encoded already. */
export const encodedOperation = (operation: Operation): Operation => ({
  ...operation,
  rpc: Rpc.make(operation.tag, { payload: Schema.Unknown }) as unknown as AnyRpc,
  payload: codec<unknown>(
    (payload) => (payload as EncodedPayload).json,
    (json) => new EncodedPayload(json),
    operation.payload.mayLose
  ),
  success: codec<unknown>(unchanged, (value): EncodedExit => ({ _tag: "Success", value })),
  error: codec<unknown>(unchanged, (error): EncodedExit => ({ _tag: "Failure", cause: [{ _tag: "Fail", error }] })),
  exit: codec<Exit.Exit<unknown, unknown>>(unchanged, (json) => Exit.fail(json))
})

/** The payload of a call; decoded when only that tells its primary key. */
export const payloadOf = (operation: Operation, json: unknown): Effect.Effect<EncodedPayload, Schema.SchemaError> =>
  operation.hasPrimaryKey
    ? Effect.map(operation.payload.decode(json), (payload) => {
        const key = primaryKeyOf(payload)
        return key === undefined ? new EncodedPayload(json) : new KeyedPayload(json, key)
      })
    : Effect.succeed(new EncodedPayload(json))
