/**
 * Headers that a handler adds to its reply; callers read them with `Requester.withReplyMetadata`.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as ReplyHeaders from "@kafka-request-reply/core/ReplyHeaders"
 * import * as RequestReplyTest from "@kafka-request-reply/core/RequestReplyTest"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import { Effect, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 * const handlers = Inventory.toLayer({ GetStock: () => Effect.as(ReplyHeaders.add("x-shelf", "b7"), 12) })
 *
 * const test = Effect.gen(function* () {
 *   const inventory = yield* RequestReplyTest.client(Inventory)
 *   const [stock, reply] = yield* inventory.GetStock({ sku: "TEA-0001" }).pipe(Requester.withReplyMetadata)
 *   assert.equal(stock, 12)
 *   assert.equal(reply?.headers[0]?.[0], "x-shelf")
 * }).pipe(Effect.provide(handlers), Effect.scoped)
 * await Effect.runPromise(test)
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Bounds from "../wire/Bounds.ts"
import * as HeaderNames from "../wire/HeaderNames.ts"
import type { RecordHeader, RecordHeaders } from "../wire/RecordHeaders.ts"

/** Collects the headers of the reply being made; undefined outside handlers. Provided by the responder. */
export const Collector: Context.Reference<Array<RecordHeader> | undefined> = Context.Reference<
  Array<RecordHeader> | undefined
>("@kafka-request-reply/core/responder/ReplyHeaders/Collector", { defaultValue: () => undefined })

/** A header as a reply carries it, or undefined when the protocol reserves the name. */
export const headerOf = (name: string, value: string | Uint8Array): RecordHeader | undefined => {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value
  // A defect of the handler; a header that cannot be written would leave the request without any answer.
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`the reply header ${name} is neither text nor bytes`)
  return HeaderNames.isReserved(name) ? undefined : [name, bytes]
}

/**
 * Adds a header to the reply of the request being handled. Outside a handler it does nothing. Names that the protocol
 * reserves are left out of the reply. With more than 240 headers, or 57 344 bytes of them, the request is answered
 * `reply-too-large`.
 */
export const add = (name: string, value: string | Uint8Array): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const header = headerOf(name, value)
    if (header !== undefined) fiber.getRef(Collector)?.push(header)
    return Effect.void
  })

/** Why these headers do not fit into a reply, if they do not: a requester ignores a record that is beyond the bounds. */
export const refusalOf = (headers: RecordHeaders): string | undefined => {
  if (headers.length > Bounds.maxCallHeaderCount) {
    return `the handler added ${headers.length} headers, more than ${Bounds.maxCallHeaderCount}`
  }
  let bytes = 0
  for (const [name, value] of headers) bytes += Buffer.byteLength(name, "utf8") + value.byteLength
  return bytes <= Bounds.maxCallHeaderBytes
    ? undefined
    : `the handler added headers of ${bytes} bytes, more than ${Bounds.maxCallHeaderBytes}`
}
