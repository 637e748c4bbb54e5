/**
 * Bugs of what the responder does when more comes than it can do: ages, turns, what is known of handlers, the limit.
 */
import { AppendClock } from "@kafka-request-reply/core/simulator/responder/internal/appendClock"
import { ConcurrencyLimit } from "@kafka-request-reply/core/simulator/responder/internal/concurrencyLimit"
import { OverloadState } from "@kafka-request-reply/core/simulator/responder/internal/overloadState"
import { ServiceTime } from "@kafka-request-reply/core/simulator/responder/internal/serviceTime"
import type { Request } from "@kafka-request-reply/core/simulator/responder/internal/state"
import { TurnQueue } from "@kafka-request-reply/core/simulator/responder/internal/turnQueue"
import { type Mutant, ofClasses, replace } from "./Mutant.ts"

const turns = TurnQueue.prototype as TurnQueue<Request>

/** Replaces what a getter says. */
const replaceGetter = (prototype: object, name: string, get: () => unknown): (() => void) => {
  const original = Object.getOwnPropertyDescriptor(prototype, name)!
  Object.defineProperty(prototype, name, { ...original, get })
  return () => void Object.defineProperty(prototype, name, original)
}

const bornWhenTaken = ofClasses("born when taken", "what a request waited in its topic does not count", () =>
  replace(
    AppendClock.prototype,
    "ageOf",
    () =>
      function () {
        return 0
      }
  )
)

const oldestFirst = ofClasses("oldest first", "a queue that stands is served in the order it came", () =>
  replace(
    turns,
    "take",
    () =>
      function () {
        const { oldest } = this
        if (oldest !== undefined) this.remove(oldest)
        return oldest
      }
  )
)

const anyChanceTaken = ofClasses("any chance taken", "what can hardly end in time is begun all the same", () =>
  replaceGetter(ServiceTime.prototype, "most", () => 0)
)

const overloadUnseen = ofClasses("overload unseen", "fetching pauses though what waits has no chance", () =>
  replace(OverloadState.prototype, "missed", () => function () {})
)

const limitSinks = ofClasses("limit sinks", "the learned limit falls by a place with each run that ends", () =>
  replace(
    ConcurrencyLimit.prototype,
    "ended",
    () =>
      function () {
        this.value = Math.max(1, this.value - 1)
        return "changed" as const
      }
  )
)

const refusedAtOnce = ofClasses("refused at once", "whoever has to wait is told that it cannot end in time", () =>
  replaceGetter(ServiceTime.prototype, "least", () => Number.MAX_SAFE_INTEGER)
)

export const overloadMutants: ReadonlyArray<Mutant> = [
  bornWhenTaken,
  oldestFirst,
  anyChanceTaken,
  overloadUnseen,
  limitSinks,
  refusedAtOnce
]
