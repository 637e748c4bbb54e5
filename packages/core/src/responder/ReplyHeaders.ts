/**
 * Headers that a handler adds to its reply; callers read them with `Requester.withReplyMetadata`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { RecordHeader } from "../wire/RecordHeaders.ts"

/** Collects the headers of the reply being made; undefined outside handlers. Provided by the responder. */
export const Collector: Context.Reference<Array<RecordHeader> | undefined> = Context.Reference<
  Array<RecordHeader> | undefined
>("@kafka-request-reply/core/responder/ReplyHeaders/Collector", { defaultValue: () => undefined })

/**
 * Adds a header to the reply of the request being handled. Outside a handler it does nothing. Names that the protocol
 * reserves are left out of the reply.
 */
export const add = (name: string, value: string | Uint8Array): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    fiber.getRef(Collector)?.push([name, typeof value === "string" ? Buffer.from(value, "utf8") : value])
    return Effect.void
  })
