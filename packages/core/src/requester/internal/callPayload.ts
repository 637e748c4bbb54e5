/**
 * The payload of a call: from what the caller gives to the value of its schema and to the JSON that is sent. Whatever is
 * wrong with it, a getter that throws included, is an `InvalidPayload` of the call.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Operation } from "../../contract/Operation.ts"
import { lossIn } from "../../contract/JsonLoss.ts"
import { type Misfits, misfitsOf } from "../../contract/Misfit.ts"
import { InvalidPayload } from "../RequestError.ts"

const root = "payload"

const invalid = ({ tag }: Operation, { issues, text }: Misfits): InvalidPayload =>
  new InvalidPayload({ operation: tag, detail: text, issues })

// `make` hides what a payload's own code throws in the cause of an error that is about Effect.
const thrown = (error: unknown): Misfits => {
  const own = error instanceof Error && Cause.isCause(error.cause) ? Cause.squash(error.cause) : error
  return { issues: [], text: `it cannot be read: ${own instanceof Error ? own.message : String(own)}` }
}

/** The issue that an error of `make` or of a codec carries. */
const issueOf = (error: unknown): SchemaIssue.Issue | undefined => {
  if (Schema.isSchemaError(error)) return error.issue
  return error instanceof Error && SchemaIssue.isIssue(error.cause) ? error.cause : undefined
}

const misfitsIn = (payload: unknown, error: unknown): Misfits => {
  const issue = issueOf(error)
  return issue === undefined ? thrown(error) : misfitsOf(root, payload, issue)
}

/** The value of the schema. */
export const make = (operation: Operation, payload: unknown): Result.Result<unknown, InvalidPayload> => {
  const { payloadSchema } = operation.rpc
  try {
    return Result.succeed(payloadSchema.make(payload as never))
  } catch (first) {
    try {
      // Once more, for all that is wrong with it: most calls are right, and pay nothing for this.
      payloadSchema.make(payload as never, { parseOptions: { errors: "all" } })
    } catch (all) {
      return Result.fail(invalid(operation, misfitsIn(payload, all)))
    }
    return Result.fail(invalid(operation, misfitsIn(payload, first)))
  }
}

/** The JSON of a made payload. */
export const encode = (operation: Operation, made: unknown): Effect.Effect<unknown, InvalidPayload> => {
  const fail = (error: unknown) => Effect.fail(invalid(operation, misfitsIn(made, error)))
  try {
    const encoded = operation.payload
      .encode(made)
      .pipe(
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause as Cause.Cause<never>) : fail(Cause.squash(cause))
        )
      )
    if (!operation.payload.mayLose) return encoded
    return Effect.flatMap(encoded, (json) => {
      try {
        const loss = lossIn(root, json)
        return loss === undefined ? Effect.succeed(json) : Effect.fail(invalid(operation, loss))
      } catch (error) {
        return fail(error)
      }
    })
  } catch (error) {
    return fail(error)
  }
}
