/**
 * What a reply means to its caller: the success, the declared error, the defect, or that it fits no contract. Runs in the
 * caller's fiber, where the services that the schemas need are.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Operation } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import { Interrupted, InvalidReply } from "../RequestError.ts"
import type { Reply } from "./call.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

/** An exit as `Rpc.exitSchema` encodes it, for a defect that travelled alone. */
const deathBy = (defect: unknown) => ({ _tag: "Failure", cause: [{ _tag: "Die", defect }] })

// Not with frozen intrinsics.
const isLimitWritable = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")?.writable === true

/**
 * Decodes a declared error. Its class takes a stack, which would show our loops and not its caller, and takes as long as all
 * the rest of a call.
 */
const errorOf = (operation: Operation, json: unknown): ReturnType<Operation["error"]["decode"]> => {
  if (!isLimitWritable) return operation.error.decode(json)
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return operation.error.decode(json)
  } finally {
    Error.stackTraceLimit = limit
  }
}

/** The outcome of the call that this reply ends; `onInvalid` is told when it fits no contract. Never dies on a bad reply. */
export const outcomeOf = (
  operation: Operation,
  reply: Reply,
  isDiscard: boolean,
  onInvalid: () => void = () => {}
): Effect.Effect<unknown, unknown> => {
  const invalid = (detail: string) => {
    onInvalid()
    return requestErrorOf(operation, new InvalidReply({ operation: operation.tag, detail }))
  }
  const { envelope, record } = reply
  const { contentType, outcome } = envelope
  if (contentType !== undefined && contentType !== PayloadCodec.json.contentType) {
    return Effect.fail(invalid(`its content type is ${contentType}`))
  }
  if (outcome === "accepted") {
    return isDiscard ? Effect.void : Effect.fail(invalid("it was accepted, but a result was asked for"))
  }
  if (outcome === "interrupted") {
    return Effect.fail(requestErrorOf(operation, new Interrupted({ operation: operation.tag })))
  }
  const body = PayloadCodec.json.fromBytes(record.value)
  if (Result.isFailure(body)) return Effect.fail(invalid(`its body is no JSON: ${body.failure}`))
  const toInvalid = (error: { readonly message: string }) => invalid(error.message)
  switch (outcome) {
    case "success": {
      if (isDiscard) return Effect.void
      const decoding = operation.success.decode(body.success)
      // Most schemas need no fiber to decode.
      return Exit.isExit(decoding) && Exit.isSuccess(decoding) ? decoding : Effect.mapError(decoding, toInvalid)
    }
    case "failure":
      return Effect.flatMap(Effect.mapError(errorOf(operation, body.success), toInvalid), Effect.fail)
    case "defect":
    case "cause": {
      const exit = outcome === "defect" ? deathBy(body.success) : body.success
      return Effect.flatMap(Effect.mapError(operation.exit.decode(exit), toInvalid), (decoded) => decoded)
    }
    default:
      return Effect.fail(invalid(`its outcome is ${outcome}`))
  }
}
