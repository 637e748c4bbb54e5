/**
 * A publisher over a scripted link, and the records and errors its tests use.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import * as Publisher from "../../src/publisher/Publisher.ts"
import type * as PublisherOptions from "../../src/publisher/PublisherOptions.ts"
import { because, NoAnswer, Unavailable, Unreachable } from "../../src/kafka/TransportError.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import { Item, ScriptedLink } from "./ScriptedLink.ts"

export const key = (text: string) => ({ key: Buffer.from(text) })
export const big = (index: number, bytes: number) => new Item(index, { value: Buffer.alloc(bytes) })
export const impatient = (index: number, partition = 0) =>
  new Item(index, { partition }, Number.POSITIVE_INFINITY, false)
export const lost = Verdict.unknown(because(new NoAnswer({ detail: "the connection was lost" })))
export const refusedConnection = Verdict.notWritten(because(new Unreachable({ brokers: ["b:1"], detail: "refused" })))
export const tooFewReplicas = Verdict.ofRefusal(because(new Unavailable({ code: "NOT_ENOUGH_REPLICAS", detail: "" })))
export const moved = Verdict.ofRefusal(because(new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "" })))

export const start = Effect.fnUntraced(function* (options: Partial<PublisherOptions.Options> = {}) {
  const link = new ScriptedLink()
  const publisher = yield* Publisher.make(link, options)
  const clock = yield* Clock.Clock
  return {
    link,
    publisher,
    offer: (all: ReadonlyArray<Item>) => all.forEach((item) => publisher.offer(item)),
    inMillis: (millis: number) => monotonicMillis(clock) + millis
  }
})
