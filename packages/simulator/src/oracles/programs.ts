/**
 * P10, P11: no program dies but of what the plan did to it, none reports a failure of its own code, and every one that is
 * there is ready when all faults are over.
 */
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

/** What the handlers of a plan make a responder say, and what its callbacks make a requester say. */
const isPlanned = (message: string): boolean =>
  /^the handler of \w+ died \(call [0-9a-f]+\)$/.test(message) ||
  /^the caller of \w+ threw: CallbackError: /.test(message)

export const programs = (facts: Facts): ReadonlyArray<Violation> => {
  const { worldFaults } = facts.plan
  // A start takes as long as its slowest answer, and needs the topic.
  const isHindered = worldFaults.some(({ kind }) => kind === "lose-replies" || kind === "freeze" || kind === "cut")
  return facts.events.flatMap((event): ReadonlyArray<Violation> => {
    const { at, who } = event
    if (event.type === "failed" && !(isHindered && event.isStartError)) {
      return [{ rule: "no program dies by itself", detail: `${who}: ${event.detail}`, at }]
    }
    const isReported = event.type === "logged" && (event.level === "Error" || event.level === "Fatal")
    if (isReported && !isPlanned(event.message)) {
      return [{ rule: "no program fails inside", detail: `${who}: ${event.message}`, at }]
    }
    return []
  })
}
