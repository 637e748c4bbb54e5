/**
 * The headers of one call as Kafka record headers: from `RpcClient.withHeaders`, the call's options and client
 * middleware. Pure.
 */
import * as Context from "effect/Context"
import * as Headers from "effect/http/Headers"
import type * as Fiber from "effect/Fiber"
import * as Bounds from "../../wire/Bounds.ts"
import * as HeaderNames from "../../wire/HeaderNames.ts"
import type { RecordHeader, RecordHeaders } from "../../wire/RecordHeaders.ts"

// Declared again under Effect's own key, so that what `RpcClient.withHeaders` writes is read here without loading the
// whole RPC client (100 ms).
const CurrentHeaders = Context.Reference<Headers.Headers>("effect/rpc/RpcClient/CurrentHeaders", {
  defaultValue: () => Headers.empty
})

const none: RecordHeaders = []

/** The headers a call starts with, before middleware. */
export const headersOf = (fiber: Fiber.Fiber<unknown, unknown>, own: Headers.Input | undefined): Headers.Headers => {
  const inherited = Context.getOrUndefined(fiber.context, CurrentHeaders)
  if (own === undefined) return inherited ?? Headers.empty
  const given = Headers.fromInput(own)
  return inherited === undefined ? given : Headers.merge(inherited, given)
}

/** The record headers, or what is wrong with them. */
export const toRecord = (headers: Headers.Headers): RecordHeaders | string => {
  if (headers === Headers.empty) return none
  const record: Array<RecordHeader> = []
  let bytes = 0
  for (const name of Object.keys(headers)) {
    if (HeaderNames.isReserved(name)) return `${name} is reserved for the protocol`
    const value = Buffer.from(headers[name]!, "utf8")
    bytes += Buffer.byteLength(name, "utf8") + value.byteLength
    record.push([name, value])
  }
  if (record.length > Bounds.maxCallHeaderCount) {
    return `there are ${record.length} of them, more than ${Bounds.maxCallHeaderCount}`
  }
  if (bytes > Bounds.maxCallHeaderBytes) {
    return `together they have ${bytes} bytes, more than ${Bounds.maxCallHeaderBytes}`
  }
  return record
}
