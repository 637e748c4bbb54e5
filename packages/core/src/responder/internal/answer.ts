/**
 * What is said about a request: the exit of its handler, or why there is none, as an outcome and a body.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Operation } from "../../contract/Operation.ts"
import * as PayloadCodec from "../../contract/PayloadCodec.ts"
import type { Outcome } from "../../wire/ReplyEnvelope.ts"
import type { Status } from "../../wire/Status.ts"
import { messageOf } from "./causeMessage.ts"
import { next } from "./readyEffect.ts"

export interface Answer {
  readonly outcome: Outcome
  readonly status?: Status
  /** Milliseconds to wait before another try. */
  readonly retryAfter?: number
  readonly body: Uint8Array
}

const nothing = Buffer.from("null")

const toJson = (value: unknown): Uint8Array => Result.getOrElse(PayloadCodec.json.toBytes(value), () => nothing)

// What a status says in words must fit into any reply topic; it may quote the request, whose keys can be of any length.
const maxMessageLength = 2_000

/** A status instead of an outcome. */
export const rejected = (status: Status, message: string, retryAfter?: number): Answer => ({
  outcome: "rejected",
  status,
  body: toJson({ message: message.length <= maxMessageLength ? message : `${message.slice(0, maxMessageLength)}…` }),
  ...(retryAfter === undefined ? {} : { retryAfter })
})

/** A discarded call's handler has started. */
export const accepted: Answer = { outcome: "accepted", body: nothing }

/** The handler was interrupted, by nobody that this responder knows. */
export const interrupted: Answer = { outcome: "interrupted", body: nothing }

/** For metrics and logs: the status of a rejection, else the outcome. */
export const labelOf = (answer: Answer): string => answer.status ?? answer.outcome

/** A defect as the Rpc's defect schema encodes it; `exit` is what `Rpc.exitSchema` made of a cause with only it. */
const defectIn = (exit: unknown): unknown =>
  (exit as { readonly cause: ReadonlyArray<{ readonly defect: unknown }> }).cause[0]?.defect

const as = (outcome: Outcome, encoding: Effect.Effect<unknown, { readonly message: string }>) =>
  next(encoding, (json) => Effect.succeed([outcome, json] as const))

const encodedOf = (
  operation: Operation,
  exit: Exit.Exit<unknown, unknown>
): Effect.Effect<readonly [Outcome, unknown], { readonly message: string }> => {
  if (Exit.isSuccess(exit)) return as("success", operation.success.encode(exit.value))
  const reason = exit.cause.reasons[0]
  if (reason === undefined || Cause.hasInterruptsOnly(exit.cause)) return Effect.succeed(["interrupted", null])
  if (exit.cause.reasons.length > 1) return as("cause", operation.exit.encode(exit))
  return Cause.isFailReason(reason)
    ? as("failure", operation.error.encode(reason.error))
    : next(operation.exit.encode(exit), (json) => Effect.succeed(["defect", defectIn(json)] as const))
}

const bytesOf = (outcome: Outcome, json: unknown, maxBytes: number): Answer => {
  const body = PayloadCodec.json.toBytes(json)
  if (Result.isFailure(body)) return rejected("reply-invalid", `the reply is no JSON: ${body.failure}`)
  const { byteLength } = body.success
  return byteLength <= maxBytes
    ? { outcome, body: body.success }
    : rejected("reply-too-large", `the reply has ${byteLength} bytes, more than maxReplyBytes (${maxBytes})`)
}

/**
 * The answer to a request whose handler ended so. The effect runs in the handler's context, for its schemas. With
 * `hidesDetails` what the handler returned is quoted in the log only.
 */
export const answerOf = (
  operation: Operation,
  exit: Exit.Exit<unknown, unknown>,
  maxBytes: number,
  hidesDetails = false
): Effect.Effect<Answer> => {
  const answer = next(encodedOf(operation, exit), ([outcome, json]) => Effect.succeed(bytesOf(outcome, json, maxBytes)))
  return Exit.isExit(answer) && Exit.isSuccess(answer)
    ? (answer as Exit.Exit<Answer>)
    : Effect.catchCause(answer, (cause) => {
        const message = "what the handler returned does not fit the contract"
        const detailed = `${message}: ${messageOf(cause)}`
        if (!hidesDetails) return Effect.succeed(rejected("reply-invalid", detailed))
        return Effect.as(
          Effect.logError(`${operation.tag}: ${detailed}`),
          rejected("reply-invalid", `${message}; the responder's log says how`)
        )
      })
}
