/**
 * The payload of a call: from what the caller gives to the value of its schema and to the JSON that is sent. Whatever is
 * wrong with it, a getter that throws included, is an `InvalidPayload` of the call.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
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

/** The value of the schema. `disableChecks` leaves the checks of values to `encode`, which makes them as well. */
export const make = (
  operation: Operation,
  payload: unknown,
  disableChecks = false
): Result.Result<unknown, InvalidPayload> => {
  const { payloadSchema } = operation.rpc
  try {
    return Result.succeed(payloadSchema.make(payload as never, { disableChecks }))
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

/** The JSON of a made payload: an exit when its schema needs no fiber. */
export const encode = (operation: Operation, made: unknown): Effect.Effect<unknown, InvalidPayload> => {
  let encoding: Effect.Effect<unknown, unknown>
  try {
    encoding = operation.payload.encode(made)
  } catch (error) {
    encoding = Exit.die(error)
  }
  return Exit.isExit(encoding)
    ? encoded(operation, made, encoding)
    : Effect.flatMap(Effect.exit(encoding), (exit) => encoded(operation, made, exit))
}

const encoded = (
  operation: Operation,
  made: unknown,
  exit: Exit.Exit<unknown, unknown>
): Exit.Exit<unknown, InvalidPayload> => {
  const fail = (error: unknown) => Exit.fail(invalid(operation, misfitsIn(made, error)))
  if (Exit.isFailure(exit)) {
    const { cause } = exit
    return Cause.hasInterruptsOnly(cause) ? Exit.failCause(cause as Cause.Cause<never>) : fail(Cause.squash(cause))
  }
  const success = exit as Exit.Success<unknown>
  if (!operation.payload.mayLose) return success
  try {
    const loss = lossIn(root, success.value)
    return loss === undefined ? success : Exit.fail(invalid(operation, loss))
  } catch (error) {
    return fail(error)
  }
}

/** Whether it needed no fiber. */
export const isEncoded = (
  encoding: Effect.Effect<unknown, InvalidPayload>
): encoding is Exit.Exit<unknown, InvalidPayload> => Exit.isExit(encoding)
