/**
 * Makes one planned call and says how it ended.
 */
import * as Requester from "@kafka-request-reply/core/Requester"
import { RequestError } from "@kafka-request-reply/core/RequestError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { callHeader } from "../cluster/Labels.ts"
import type { Happening } from "../history/Event.ts"
import { CallbackError } from "../kernel/CallbackError.ts"
import { hasPrimaryKey, type PlannedCall } from "../plan/Plan.ts"
import { type Answer, callerHeader, type Order, type Refusal } from "./Contract.ts"
import type { Client } from "./handlers.ts"

/** Larger than the requesters' `maxRequestBytes`. */
const oversizePadding = "x".repeat(5_000)

/** What a call is about: its key where it has a primary one, else itself. */
export const subjectOf = ({ key, name, operation }: PlannedCall): string =>
  hasPrimaryKey(operation) ? (key ?? name) : name

/** The key that a run for this call has, with its caller where that is a part of it. */
export const runKeyOf = ({ key, operation, requester }: PlannedCall): string | undefined =>
  operation === "Own" ? `${requester} ${key}` : key

export const orderOf = (call: PlannedCall): Order => ({
  subject: subjectOf(call),
  value: call.value,
  millis: call.millis,
  behaviour: call.behaviour,
  padding: call.isOversize ? oversizePadding : ""
})

interface Outcome {
  readonly outcome: string
  readonly detail: string
  readonly run: number | undefined
  readonly isNotExecuted: boolean
}

const wordsOf = ({ reason }: RequestError): string => {
  switch (reason._tag) {
    case "Timeout":
    case "Closed":
    case "ReplyAddressLost":
      return `${reason._tag} ${reason.delivery}`
    case "Rejected":
    case "Unanswerable":
      return `${reason._tag} ${reason.status}`
    default:
      return reason._tag
  }
}

const ofRequestError = (error: RequestError): Outcome => ({
  outcome: wordsOf(error),
  detail: error.message,
  run: undefined,
  isNotExecuted: error.isCertainlyNotExecuted
})

/** How a call inside a handler ended: the engine's word for it, or that it has an answer. */
export const outcomeOfNested = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "answered"
  const error = Cause.squash(exit.cause)
  return error instanceof RequestError ? wordsOf(error) : "answered"
}

/** How a call ended, in the words that oracles use. */
export const outcomeOf = (call: PlannedCall, exit: Exit.Exit<unknown, unknown>): Outcome => {
  const isNotExecuted = false
  if (Exit.isSuccess(exit)) {
    if (call.isDiscard) return { outcome: "accepted", detail: "", run: undefined, isNotExecuted }
    const { run, subject, value } = exit.value as Answer
    const isOurs = subject === subjectOf(call) && value === call.value
    return {
      outcome: isOurs ? "success" : "wrong reply",
      detail: `from run ${run} about ${subject} ${value}`,
      run,
      isNotExecuted
    }
  }
  if (Cause.hasInterruptsOnly(exit.cause)) return { outcome: "interrupted", detail: "", run: undefined, isNotExecuted }
  const reason = exit.cause.reasons[0]
  if (reason !== undefined && Cause.isFailReason(reason)) {
    if (reason.error instanceof RequestError) return ofRequestError(reason.error)
    const { isFinal, run, subject } = reason.error as Refusal
    const isOurs = subject === subjectOf(call)
    const outcome = isOurs ? (isFinal ? "final" : "refuse") : "wrong reply"
    return { outcome, detail: `from run ${run} about ${subject}`, run, isNotExecuted }
  }
  const error = Cause.squash(exit.cause)
  const message = error instanceof Error ? error.message : String(error)
  const run = /^run (\d+) dies as it should$/.exec(message)?.[1]
  return { outcome: "defect", detail: message, run: run === undefined ? undefined : Number(run), isNotExecuted }
}

/** Ends when the call has ended; `onEvent` is told of it in the same instant. */
export const makeCall = (
  client: Client,
  call: PlannedCall,
  onEvent: (happening: Happening) => void
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { isDiscard, isImpatient, isScattered, key, name, operation, timeoutMillis } = call
    const owner = operation === "Own" ? { [callerHeader]: String(call.requester) } : {}
    const options = { headers: { [callHeader]: name, ...owner } }
    const order = orderOf(call)
    const asked: Effect.Effect<unknown, unknown> = isDiscard
      ? client[operation](order, { ...options, discard: true })
      : client[operation](order, options)
    const routingKey = isScattered ? name : key
    const routed = routingKey === undefined ? asked : Requester.withRoutingKey(routingKey)(asked)
    onEvent({ type: "called", call: name, operation, timeoutMillis })
    const fiber = yield* routed.pipe(
      Requester.withTimeout(timeoutMillis),
      Requester.withWaitForReady(!isImpatient),
      Effect.forkChild({ startImmediately: true })
    )
    const ended = Effect.callback<void>((resume) => {
      const isThrowing = call.isThrowing && fiber.pollUnsafe() === undefined
      fiber.addObserver((exit) => {
        onEvent({ type: "ended", call: name, ...outcomeOf(call, exit) })
        resume(Effect.void)
        // As a callback of a program does that has no room for another answer.
        if (isThrowing) throw new CallbackError(`the callback of ${name} throws`)
      })
    })
    if (call.interruptAfter !== undefined) {
      yield* Effect.sleep(call.interruptAfter).pipe(
        Effect.andThen(
          Effect.sync(() => {
            if (fiber.pollUnsafe() !== undefined) return
            onEvent({ type: "interrupted", call: name })
            fiber.interruptUnsafe()
          })
        ),
        Effect.forkChild({ startImmediately: true })
      )
    }
    yield* ended
  })
