/**
 * P4 and P14: a reply that the brokers refuse for good is counted by its responder.
 */
import type { World } from "../world/World.ts"
import type { Facts } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

const metric = "kafka_rr_responder_replies_refused_total"

const attemptOf = ({ attempt, id }: { readonly attempt: number | undefined; readonly id: string }): string =>
  `${id}/${attempt}`

export const refusedReplies = (facts: Facts, world: World): ReadonlyArray<Violation> => {
  const refused = new Map<string, number>()
  const repliesTo = (isTooLarge: boolean): ReadonlySet<string> =>
    new Set(
      facts.written.flatMap(({ label, outcome }) =>
        label.leg === "reply" && (outcome === "rejected reply-too-large") === isTooLarge ? [attemptOf(label)] : []
      )
    )
  const written = repliesTo(false)
  const tooLarge = repliesTo(true)
  // A batch that is refused is sent again record by record. One that is lost then was acknowledged all the same.
  const acknowledged = new Set(
    facts.events.flatMap((event) =>
      event.type === "acknowledged" && event.label.leg === "reply" && !tooLarge.has(attemptOf(event.label))
        ? [attemptOf(event.label)]
        : []
    )
  )
  for (const event of facts.events) {
    if (event.type !== "refused" || event.label.leg !== "reply" || event.detail !== "TooLarge") continue
    // What is larger than a reply may be is answered so from the start.
    if (facts.calls.get(event.label.call)?.plan.behaviour === "huge") continue
    if (written.has(attemptOf(event.label)) || acknowledged.has(attemptOf(event.label))) continue
    if (!refused.has(event.who)) refused.set(event.who, event.at)
  }
  return world.programs.flatMap(({ host, isClosed, role }) => {
    const at = refused.get(host.name)
    if (role !== "responder" || at === undefined || !isClosed || host.state === "dead") return []
    const isCounted = host.readings().some(({ name, value }) => name === metric && value > 0)
    return isCounted ? [] : [{ rule: "a refused reply is counted", detail: `none at ${host.name}`, at }]
  })
}
