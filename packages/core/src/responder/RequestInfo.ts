/**
 * What a handler may know of the request besides its payload: where it stands in Kafka and which attempt it is.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as RequestInfo from "@kafka-request-reply/core/RequestInfo"
 * import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
 * import { Effect, Option, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({
 *   GetStock: Effect.fnUntraced(function* () {
 *     const request = yield* RequestInfo.RequestInfo
 *     const left = yield* RequestInfo.remaining
 *     assert.equal(request?.topic, "inventory.requests")
 *     assert.ok(Option.isSome(left))
 *     return request.attempt
 *   })
 * })
 *
 * const test = Effect.gen(function* () {
 *   const inventory = yield* RequestReplyTest.client(Inventory)
 *   assert.equal(yield* inventory.GetStock({ sku: "TEA-0001" }), 1)
 * }).pipe(Effect.provide(handlers), Effect.scoped)
 * await Effect.runPromise(test)
 * ```
 */
import * as Context from "effect/Context"
import type { RecordHeaders } from "../wire/RecordHeaders.ts"

export { remaining } from "../contract/CallBudget.ts"

export interface RequestInfo {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** When the record was appended, epoch milliseconds. */
  readonly timestamp: number
  /** Bytes, as the requester chose them. */
  readonly correlationId: Uint8Array
  /** From 1: above it, the request may have run before. */
  readonly attempt: number
  /** The idempotency key, when the operation has one. */
  readonly key: string | undefined
  /** The caller's headers as bytes, in their order; `headers` in the handler's options has them as text. */
  readonly headers: RecordHeaders
}

/** The request being handled; undefined outside handlers. */
export const RequestInfo: Context.Reference<RequestInfo | undefined> = Context.Reference<RequestInfo | undefined>(
  "@kafka-request-reply/core/responder/RequestInfo",
  { defaultValue: () => undefined }
)
