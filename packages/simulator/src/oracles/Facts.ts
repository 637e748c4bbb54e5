/**
 * A history's events, sorted by what they are about, so that each oracle need not search.
 */
import type { Event } from "../history/Event.ts"
import type { Plan, PlannedCall } from "../plan/Plan.ts"

type Of<T extends Event["type"]> = Extract<Event, { readonly type: T }>

export interface CallFact {
  readonly plan: PlannedCall
  readonly who: string
  readonly calledAt: number
  /** In the order calls were made. */
  readonly number: number
  interruptedAt: number | undefined
  end: Of<"ended"> | undefined
}

export interface RunFact {
  readonly start: Of<"run">
  end: Of<"ran"> | undefined
  /** The generation its host was in when it started. */
  readonly generation: number
}

export interface Facts {
  readonly plan: Plan
  readonly events: ReadonlyArray<Event>
  readonly calls: ReadonlyMap<string, CallFact>
  readonly runs: ReadonlyMap<number, RunFact>
  readonly written: ReadonlyArray<Of<"written">>
  /** Requests by `partition@offset`. */
  readonly requests: ReadonlyMap<string, Of<"written">>
  /** When a reply was acknowledged or refused for good, by `id/attempt`. */
  readonly replied: ReadonlyMap<string, number>
  /** Request partitions in which an offset may be of more than one record. */
  readonly replaced: ReadonlySet<number>
  readonly faults: ReadonlyArray<Of<"fault">>
  readonly crashed: ReadonlySet<string>
  readonly wasPaused: ReadonlySet<string>
  /** When the pause began that a host came back from, by `host at`: `at` is when it went on. */
  readonly resumed: ReadonlyMap<string, number>
  /** When partitions were assigned last before the first program closed. */
  readonly assignedAt: number
}

export const placeOf = ({ offset, partition }: { readonly partition: number; readonly offset: number }): string =>
  `${partition}@${offset}`

const replacedBy = ({ settings, worldFaults }: Plan): ReadonlySet<number> => {
  const all = Array.from({ length: settings.partitions }, (_, partition) => partition)
  return new Set(
    worldFaults.flatMap((fault) => {
      if (fault.kind === "remake") return all
      return fault.kind === "cut-off" ? [fault.partition % settings.partitions] : []
    })
  )
}

const definitive = new Set(["TooLarge", "NoSuchPartition"])

export const factsOf = (plan: Plan, events: ReadonlyArray<Event>): Facts => {
  const planned = new Map(plan.calls.map((call) => [call.name, call]))
  const calls = new Map<string, CallFact>()
  const runs = new Map<number, RunFact>()
  const written: Array<Of<"written">> = []
  const requests = new Map<string, Of<"written">>()
  const replied = new Map<string, number>()
  const faults: Array<Of<"fault">> = []
  const crashed = new Set<string>()
  const wasPaused = new Set<string>()
  const resumed = new Map<string, number>()
  const pausedAt = new Map<string, number>()
  const generations = new Map<string, number>()
  let assignedAt = 0
  let isClosing = false
  for (const event of events) {
    switch (event.type) {
      case "called": {
        const call = planned.get(event.call)
        if (call === undefined) break
        const { at, who } = event
        calls.set(call.name, {
          plan: call,
          who,
          calledAt: at,
          number: calls.size,
          interruptedAt: undefined,
          end: undefined
        })
        break
      }
      case "interrupted":
        calls.get(event.call)!.interruptedAt = event.at
        break
      case "ended": {
        const call = calls.get(event.call)
        if (call !== undefined) call.end ??= event
        break
      }
      case "run":
        runs.set(event.run, { start: event, end: undefined, generation: generations.get(event.who) ?? 0 })
        break
      case "ran":
        runs.get(event.run)!.end = event
        break
      case "written":
        written.push(event)
        if (event.topic === "sim.requests") requests.set(placeOf(event), event)
        break
      case "acknowledged":
      case "refused": {
        const { attempt, id, leg } = event.label
        if (leg !== "reply" || (event.type === "refused" && !definitive.has(event.detail))) break
        const key = `${id}/${attempt}`
        if (!replied.has(key)) replied.set(key, event.at)
        break
      }
      case "fault":
        faults.push(event)
        break
      case "crashed":
        crashed.add(event.who)
        break
      case "paused":
        wasPaused.add(event.who)
        pausedAt.set(event.who, event.at)
        break
      case "resumed":
        resumed.set(`${event.who} ${event.at}`, pausedAt.get(event.who)!)
        break
      case "assigned":
        generations.set(event.who, event.generation)
        if (!isClosing) assignedAt = event.at
        break
      case "closing":
        isClosing = true
        break
      default:
        break
    }
  }
  return {
    plan,
    events,
    calls,
    runs,
    written,
    requests,
    replied,
    replaced: replacedBy(plan),
    faults,
    crashed,
    wasPaused,
    resumed,
    assignedAt
  }
}
