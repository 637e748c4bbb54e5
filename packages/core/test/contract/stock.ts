/**
 * A small contract for tests: a read, an idempotent write with a primary key, a plain write, and one of everything that
 * JSON has no word for.
 */
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Contract from "../../src/contract/Contract.ts"
import { type Operation, operationsOf } from "../../src/contract/Operation.ts"

export class UnknownSku extends Schema.TaggedError<UnknownSku>()("UnknownSku", { sku: Schema.String }) {}
export class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { left: Schema.Int }) {}

/** A schema that neither encodes nor decodes some values, for what can go wrong on either way. */
const Fragile = Schema.String.pipe(
  Schema.decodeTo(
    Schema.String,
    SchemaTransformation.transform({
      decode: (text) => {
        if (text === "throw") throw new Error("a schema that throws")
        return text
      },
      encode: (text) => text
    })
  )
)

export const Get = Rpc.make("Get", {
  payload: { sku: Schema.String },
  success: Schema.Struct({ sku: Schema.String, left: Schema.Int }),
  error: UnknownSku
}).annotate(Contract.Safe, true)

export const Reserve = Rpc.make("Reserve", {
  payload: { order: Schema.String, sku: Schema.String, count: Schema.Int.check(Schema.isGreaterThan(0)) },
  success: Schema.Int,
  error: Schema.Union([UnknownSku, SoldOut]),
  primaryKey: ({ order }) => order
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.FinalErrors, (error) => error instanceof UnknownSku)

export const Take = Rpc.make("Take", { payload: { sku: Schema.String }, success: Schema.Int, error: SoldOut })

export const Odd = Rpc.make("Odd", {
  payload: { at: Schema.DateTimeUtcFromString, big: Schema.BigInt, fragile: Schema.optionalKey(Fragile) },
  success: Schema.Struct({ big: Schema.BigInt, bytes: Schema.Uint8Array, span: Schema.Duration }),
  error: Schema.Never
})
  .annotate(Contract.Timeout, "2 seconds")
  .annotate(Contract.Retry, { maxAttempts: 2, baseDelay: "1 second", maxDelay: "1 second" })

export const Ping = Rpc.make("Ping")

export class Stock extends RpcGroup.make(Get, Reserve, Take, Odd, Ping).annotate(Contract.Name, "stock") {}

const operations = new Map(operationsOf(Stock).map((operation) => [operation.tag, operation]))

export const operation = (tag: "Get" | "Reserve" | "Take" | "Odd" | "Ping"): Operation => operations.get(tag)!

/** Handlers that answer at once. */
export const handlers = Stock.of({
  Get: ({ sku }) => Effect.succeed({ sku, left: 3 }),
  Reserve: ({ count }) => Effect.succeed(10 - count),
  Take: () => Effect.succeed(1),
  Odd: () => Effect.die("not here"),
  Ping: () => Effect.void
})
