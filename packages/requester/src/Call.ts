/**
 * One call, by the name of its operation and its payload as JSON: what `requester call` does.
 */
import { Inventory, named } from "@kafka-request-reply/contracts/Inventory"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as Stopwatch from "@kafka-request-reply/program/Stopwatch"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Outcome from "./Outcome.ts"
import * as Problems from "./Problems.ts"

/** The names `call` accepts. */
export const operations: ReadonlyArray<string> = Array.from(Inventory.requests.keys())

/** The call cannot be made as it was written. Nothing was sent. */
export class InvalidCall extends Schema.TaggedError<InvalidCall>("@kafka-request-reply/requester/Call/InvalidCall")(
  "InvalidCall",
  { detail: Schema.String }
) {
  override readonly [Runtime.errorExitCode] = 2
  override get message() {
    return this.detail
  }
}

export interface Call {
  readonly operation: string
  readonly payload: unknown
  readonly success: Schema.Codec<unknown, unknown>
  readonly error: Schema.Codec<unknown, unknown>
}

const fieldsOf = (payload: unknown): string =>
  Object.keys((payload as { readonly fields?: Record<string, unknown> }).fields ?? {}).join(", ")

/** Checks the operation and the payload before anything is connected. */
export const parse = Effect.fnUntraced(function* (operation: string, text: string) {
  const rpc = Array.from(Inventory.requests.values()).find(({ _tag }) => _tag === operation)
  if (rpc === undefined) {
    const detail = `the contract has no ${operation}; it has ${operations.join(", ")}`
    return yield* new InvalidCall({ detail })
  }
  const json = yield* Effect.try({
    try: () => JSON.parse(text) as unknown,
    catch: (cause) =>
      new InvalidCall({ detail: `the payload is not JSON (${(cause as Error).message}); quote it for your shell` })
  })
  const payload = rpc.payloadSchema as unknown as Schema.Codec<unknown, unknown>
  const decoded = yield* Schema.decodeUnknownEffect(Schema.toCodecJson(payload), { errors: "all" })(json).pipe(
    Effect.mapError((error) => {
      const detail = `the payload does not fit ${operation} (${fieldsOf(payload)}): ${Problems.describe(error, json)}`
      return new InvalidCall({ detail })
    })
  )
  const call: Call = {
    operation,
    payload: decoded,
    success: rpc.successSchema as unknown as Call["success"],
    error: rpc.errorSchema as unknown as Call["error"]
  }
  return call
})

export interface CallResult {
  readonly operation: string
  readonly outcome: Outcome.Outcome
  readonly millis: number
  /** The success or the declared error as JSON; absent for all else. */
  readonly body?: unknown
}

/** Makes the call to the contract under this name. Never fails: how it ended is in the result. */
export const make = Effect.fnUntraced(function* (call: Call, contract: string) {
  const client = yield* Requester.client(named(contract))
  const clock = yield* Clock.Clock
  const method = client[call.operation as keyof typeof client] as (payload: unknown) => Effect.Effect<unknown, unknown>
  const elapsed = Stopwatch.start(clock)
  const exit = yield* Effect.exit(method(call.payload))
  const millis = elapsed()
  const outcome = Outcome.of(exit, () => "")
  const result: CallResult = { operation: call.operation, outcome, millis }
  if (outcome.kind !== "success" && outcome.kind !== "declared") return result
  const [schema, value] = Exit.isSuccess(exit)
    ? [call.success, exit.value]
    : [
        call.error,
        Exit.isFailure(exit) ? exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error : undefined
      ]
  const body = yield* Effect.orDie(Schema.encodeUnknownEffect(Schema.toCodecJson(schema))(value))
  return { ...result, body }
})

/** 0 a success · 3 a declared error · 1 request/reply failed. */
export const exitCode = ({ outcome }: CallResult): number =>
  outcome.kind === "success" || outcome.kind === "stopped" ? 0 : outcome.kind === "declared" ? 3 : 1
