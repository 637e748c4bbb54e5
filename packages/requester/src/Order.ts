/**
 * One line of an order file: a JSON object with `orderId`, `sku` and `quantity`.
 */
import { Reserve } from "@kafka-request-reply/contracts/Inventory"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Problems from "./Problems.ts"

export const Order = Reserve.payloadSchema
export type Order = typeof Order.Type

const decode = Schema.decodeUnknownResult(Schema.toCodecJson(Order), { errors: "all" })

// Text from the file is shown on a terminal, so escape sequences are removed.
// oxlint-disable-next-line no-control-regex
const harmless = (text: string): string => text.replace(/[\u0000-\u001F\u007F-\u009F]/g, "\uFFFD")

const detailOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** Characters that a line may have: far more than an order needs, and little enough to hold many lines. */
export const longest = 100_000

/** The order, or why the text is none. */
export const parse = (text: string): Result.Result<Order, string> => {
  if (text.length > longest) return Result.fail(`it has more than ${longest} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    return Result.fail(harmless(`not JSON (${detailOf(cause)})`))
  }
  return Result.mapError(decode(value), (error) => harmless(Problems.describe(error, value)))
}
