/**
 * Bugs of the requester: its table of pending calls, its deadlines, what it says of a failure.
 */
import { CallDeadline } from "@kafka-request-reply/core/simulator/contract/CallBudget"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Attempt, Call } from "@kafka-request-reply/core/simulator/requester/internal/call"
import { Calls } from "@kafka-request-reply/core/simulator/requester/internal/calls"
import { FinishedCalls } from "@kafka-request-reply/core/simulator/requester/internal/finishedCalls"
import { CallTable } from "@kafka-request-reply/core/simulator/requester/internal/callTable"
import { both, type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const registerAfterSend = ofClasses(
  "register after send",
  "a call is in the table only once its request is acknowledged",
  () => {
    const waiting = new WeakMap<Call, () => void>()
    return both(
      replace(
        CallTable.prototype,
        "add",
        (original) =>
          function (call) {
            waiting.set(call, () => original.call(this, call))
          }
      ),
      replace(
        Attempt.prototype,
        "onAcknowledged",
        (original) =>
          function () {
            waiting.get(this.call)?.()
            waiting.delete(this.call)
            return original.call(this)
          }
      )
    )
  }
)

const sweeperEarly = ofClasses("sweeper early", "calls expire up to 40 ms before their deadline", () =>
  replace(
    CallTable.prototype,
    "takeDue",
    (original) =>
      function (now) {
        return original.call(this, now + 40)
      }
  )
)

const duplicateDelivered = ofClasses("duplicate reply delivered", "a second reply ends its call a second time", () => {
  const gone = new WeakMap<CallTable, Map<number, Call>>()
  return both(
    replace(
      CallTable.prototype,
      "remove",
      (original) =>
        function (call) {
          const calls = gone.get(this) ?? new Map<number, Call>()
          gone.set(this, calls.set(call.number, call))
          original.call(this, call)
          return true
        }
    ),
    replace(
      CallTable.prototype,
      "get",
      (original) =>
        function (number) {
          return original.call(this, number) ?? gone.get(this)?.get(number)
        }
    )
  )
})

const lateDelivered = ofClasses("late reply delivered", "a reply whose call has ended goes to another call", () => {
  const newest = new WeakMap<CallTable, Call>()
  return both(
    replace(
      CallTable.prototype,
      "add",
      (original) =>
        function (call) {
          newest.set(this, call)
          return original.call(this, call)
        }
    ),
    replace(
      CallTable.prototype,
      "get",
      (original) =>
        function (number) {
          return original.call(this, number) ?? newest.get(this)
        }
    )
  )
})

const entryLeaked = ofClasses(
  "interrupted entry leaked",
  "a call goes on in the table when its caller was interrupted",
  () =>
    replace(
      Calls.prototype,
      "exchange",
      (original) =>
        function (template, route, history) {
          const exchange = original.call(this, template, route, history)
          return Effect.flatMap(Effect.forkDetach(exchange, { startImmediately: true }), Fiber.join)
        }
    )
)

const closeForgets = ofClasses("close forgets one", "a requester that closes leaves one caller waiting", () =>
  replace(
    CallTable.prototype,
    "takeAll",
    (original) =>
      function () {
        return original.call(this).slice(1)
      }
  )
)

const abandonForgotten = ofClasses(
  "abandoned attempts are sent",
  "a request that was given up before it was sent is sent later",
  () => replace(Call.prototype, "abandon", () => function () {})
)

const alwaysNotSent = ofClasses("always not sent", "every failure says that nothing was sent", () => {
  const original = Object.getOwnPropertyDescriptor(Call.prototype, "furthest")!
  Object.defineProperty(Call.prototype, "furthest", { ...original, get: () => "not-sent" })
  return () => void Object.defineProperty(Call.prototype, "furthest", original)
})

const budgetNotInherited: Mutant = ofServices(
  "budget not inherited",
  "calls made by handlers have a whole timeout of their own",
  {
    nested: (call) => Effect.provideService(call, CallDeadline, undefined)
  }
)

const retryForgotten = ofClasses("retries forgotten", "an attempt that has no answer is not followed by another", () =>
  replace(
    CallTable.prototype,
    "takeDue",
    (original) =>
      function (now) {
        return { ...original.call(this, now), again: [] }
      }
  )
)

const callbacksUnguarded = ofClasses(
  "callbacks unguarded",
  "what a caller's callback throws goes through the loop that ended its call",
  () =>
    replace(
      FinishedCalls.prototype,
      "add",
      () =>
        function (call) {
          call.resume(call.outcome!)
        }
    )
)

export const requesterMutants: ReadonlyArray<Mutant> = [
  registerAfterSend,
  sweeperEarly,
  duplicateDelivered,
  lateDelivered,
  entryLeaked,
  closeForgets,
  abandonForgotten,
  alwaysNotSent,
  budgetNotInherited,
  retryForgotten,
  callbacksUnguarded
]
