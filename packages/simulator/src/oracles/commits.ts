/**
 * P6: what is committed is finished: answered with an acknowledged reply, cancelled, or past all waiting. The offsets done
 * above the committed one, in the commit's metadata, are held to the same.
 */
import { decode } from "@kafka-request-reply/core/simulator/responder/internal/commitMetadata"
import { epoch } from "../kernel/VirtualClock.ts"
import { type Facts, placeOf } from "./Facts.ts"
import type { Violation } from "./Violation.ts"

export const commits = (facts: Facts): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  const checked = new Set<string>()
  const reached = new Map<number, number>()
  const { clockSkewMillis, maxTimeoutMillis, skews } = facts.plan.settings
  const cancelled = new Map<string, number>()
  for (const { at, label } of facts.written) {
    if (label.leg === "cancel" && !cancelled.has(label.id)) cancelled.set(label.id, at)
  }

  const isFinished = (place: string, at: number, who: string): boolean => {
    const request = facts.requests.get(place)
    // What is no request of ours may be done at once.
    if (request === undefined || request.label.leg !== "request" || request.label.call === "?") return true
    const { deadline, label } = request
    if ((facts.replied.get(`${label.id}/${label.attempt}`) ?? Number.POSITIVE_INFINITY) <= at) return true
    if ((cancelled.get(label.id) ?? Number.POSITIVE_INFINITY) <= at) return true
    if (at >= request.at + maxTimeoutMillis + clockSkewMillis) return true
    const index = Number(/^responder-(\d+)/.exec(who)?.[1] ?? 0)
    return deadline !== undefined && at + epoch + (skews[index] ?? 0) >= deadline + clockSkewMillis
  }

  // Replies to a partition that no longer exists are refused without being sent. A requester that finds the topic missing
  // creates it with as many partitions as requests have, and it may be lost once more.
  const { partitions, replyPartitions } = facts.plan.settings
  const losses = facts.plan.worldFaults.filter((fault) => fault.kind === "lose-replies")
  const largest = losses.length > 1 ? Math.max(partitions, replyPartitions) : replyPartitions
  const isShrunk = losses.some((fault) => Math.min(fault.partitions, partitions) < largest)
  for (const event of isShrunk ? [] : facts.events) {
    if (event.type !== "committed" || facts.replaced.has(event.partition)) continue
    const { at, metadata, offset, partition, who } = event
    const check = (done: number): void => {
      const place = placeOf({ partition, offset: done })
      if (checked.has(place)) return
      if (isFinished(place, at, who)) return void checked.add(place)
      checked.add(place)
      const call = facts.requests.get(place)?.label.call ?? "?"
      violations.push({ rule: "only finished work is committed", detail: `${who} committed ${place} of ${call}`, at })
    }
    const from = reached.get(partition) ?? 0
    for (let done = from; done < offset; done++) check(done)
    reached.set(partition, Math.max(from, offset))
    for (const { from: first, to } of decode(offset, metadata)) {
      for (let done = first; done < to; done++) check(done)
    }
  }
  return violations
}
