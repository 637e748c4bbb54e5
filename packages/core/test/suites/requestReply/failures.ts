/** How calls fail, for assertions. */
import * as Effect from "effect/Effect"
import { RequestError } from "../../../src/requester/RequestError.ts"

/** The request error that a call fails with; dies when it ends in any other way. */
export const requestErrorOf = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<RequestError, never, R> =>
  Effect.matchEffect(call, {
    onFailure: (error) =>
      error instanceof RequestError ? Effect.succeed(error) : Effect.die(new Error(`another error: ${String(error)}`)),
    onSuccess: (value) => Effect.die(new Error(`it succeeded with ${JSON.stringify(value)}`))
  })

/** The reason that a call fails for. */
export const reasonOf = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<RequestError["reason"], never, R> =>
  Effect.map(requestErrorOf(call), ({ reason }) => reason)

/** The status that a call is rejected with. */
export const statusOf = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<string, never, R> =>
  Effect.map(reasonOf(call), (reason) =>
    reason._tag === "Rejected" || reason._tag === "Unanswerable" ? reason.status : `not rejected: ${reason._tag}`
  )
