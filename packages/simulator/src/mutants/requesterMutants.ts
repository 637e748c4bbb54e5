/**
 * Bugs of the requester: its table of pending calls, its deadlines, what it says of a failure.
 */
import { CallDeadline } from "@kafka-request-reply/core/simulator/contract/CallBudget"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Attempt, PendingCall } from "@kafka-request-reply/core/simulator/requester/internal/pendingCall"
import { PendingTable } from "@kafka-request-reply/core/simulator/requester/internal/pendingTable"
import { both, type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const registerAfterSend = ofClasses(
  "register after send",
  "a call is in the table only once its request is acknowledged",
  () => {
    const waiting = new WeakMap<PendingCall, () => void>()
    return both(
      replace(
        PendingTable.prototype,
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
    PendingTable.prototype,
    "takeDue",
    (original) =>
      function (now) {
        return original.call(this, now + 40)
      }
  )
)

const duplicateDelivered = ofClasses("duplicate reply delivered", "a second reply ends its call a second time", () => {
  const gone = new WeakMap<PendingTable, Map<number, PendingCall>>()
  return both(
    replace(
      PendingTable.prototype,
      "remove",
      (original) =>
        function (call) {
          const calls = gone.get(this) ?? new Map<number, PendingCall>()
          gone.set(this, calls.set(call.number, call))
          original.call(this, call)
          return true
        }
    ),
    replace(
      PendingTable.prototype,
      "get",
      (original) =>
        function (number) {
          return original.call(this, number) ?? gone.get(this)?.get(number)
        }
    )
  )
})

const lateDelivered = ofClasses("late reply delivered", "a reply whose call has ended goes to another call", () => {
  const newest = new WeakMap<PendingTable, PendingCall>()
  return both(
    replace(
      PendingTable.prototype,
      "add",
      (original) =>
        function (call) {
          newest.set(this, call)
          return original.call(this, call)
        }
    ),
    replace(
      PendingTable.prototype,
      "get",
      (original) =>
        function (number) {
          return original.call(this, number) ?? newest.get(this)
        }
    )
  )
})

const entryLeaked: Mutant = ofServices(
  "interrupted entry leaked",
  "a call goes on in the table when its caller was interrupted",
  {
    requester: (requester) => ({
      ...requester,
      client: (contract) =>
        Effect.map(requester.client(contract), (client) => {
          const methods = client as unknown as Record<
            string,
            (...call: ReadonlyArray<unknown>) => Effect.Effect<unknown>
          >
          const leaking = Object.entries(methods).map(([tag, method]) => {
            const call = (...given: ReadonlyArray<unknown>) =>
              Effect.flatMap(Effect.forkDetach(method(...given), { startImmediately: true }), Fiber.join)
            return [tag, call] as const
          })
          return Object.fromEntries(leaking) as unknown as typeof client
        })
    })
  }
)

const closeForgets = ofClasses("close forgets one", "a requester that closes leaves one caller waiting", () =>
  replace(
    PendingTable.prototype,
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
  () => replace(PendingCall.prototype, "abandon", () => function () {})
)

const alwaysNotSent = ofClasses("always not sent", "every failure says that nothing was sent", () => {
  const original = Object.getOwnPropertyDescriptor(PendingCall.prototype, "delivery")!
  Object.defineProperty(PendingCall.prototype, "delivery", { ...original, get: () => "not-sent" })
  return () => void Object.defineProperty(PendingCall.prototype, "delivery", original)
})

const budgetNotInherited: Mutant = ofServices(
  "budget not inherited",
  "calls made by handlers have a whole timeout of their own",
  {
    nested: (call) => Effect.provideService(call, CallDeadline, Number.POSITIVE_INFINITY)
  }
)

const retryForgotten = ofClasses("retries forgotten", "an attempt that has no answer is not followed by another", () =>
  replace(
    PendingTable.prototype,
    "takeDue",
    (original) =>
      function (now) {
        return { ...original.call(this, now), retry: [] }
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
  retryForgotten
]
