/**
 * The heap under hostile sizes, measured after collection: what the limits count is what is held. Nothing depends on time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ReplyHeaders from "../../src/responder/ReplyHeaders.ts"
import type { Options } from "../../src/responder/Options.ts"
import * as RequestEnvelope from "../../src/wire/RequestEnvelope.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import type { Handlers } from "../suites/requestReply/TestContract.ts"
import { type Given, hostileSource, turns, usedBytes } from "./hostileSource.ts"

const MiB = 1024 * 1024
const marginBytes = 64 * MiB

const first = usedBytes()
// Later than the test, whenever that runs.
const farOff = 9_000_000_000_000

let calls = 0

const idOf = (number: number): Uint8Array => {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return id
}

const request = (
  operation: string,
  payload: unknown,
  given: Partial<Given> & { readonly key?: Uint8Array } = {}
): Given => ({
  ...given,
  value: Buffer.from(JSON.stringify(payload)),
  headers: RequestEnvelope.encode({
    operation,
    deadline: farOff,
    timeout: 250_000,
    attempt: 1,
    correlationId: idOf(++calls),
    replyTo: { topic: "hostile.replies", partition: 0 },
    key: operation === "Order" ? (payload as { readonly id: string }).id : undefined,
    callHeaders: given.headers ?? []
  })
})

// The default of each where it is the one that is tried, and little of the other.
const openLimits = { maxOpenBytes: 64 * MiB, dedupeBytes: 4 * MiB }
const keptLimits = { maxOpenBytes: 4 * MiB, dedupeBytes: 64 * MiB }

interface Hostile {
  readonly handlers?: Partial<Handlers>
  readonly options?: Partial<Options>
  readonly isWritten?: boolean
  /** The records of one fetch. */
  readonly batch: () => ReadonlyArray<Given>
  /** What a fetch has at least. */
  readonly fetchBytes?: number
  /** So many fetches, or fewer when there is no room for more. */
  readonly fetches: number
  /** What happens when they are taken. */
  readonly andThen?: Effect.Effect<unknown>
}

const holds = (
  what: string,
  { batch, fetchBytes, fetches, handlers = {}, isWritten = false, options = {}, andThen = Effect.void }: Hostile
) =>
  it.live(`P9/limit: the heap stays in its limits with ${what}`, () =>
    Effect.gen(function* () {
      const limits = isWritten ? keptLimits : openLimits
      const { fetch } = yield* hostileSource(handlers, { ...limits, ...options }, isWritten)
      // What a scenario before this one leaves behind is no part of what this one holds, and none of what may be missing.
      yield* turns(100)
      const before = Math.min(first, usedBytes())
      let count = 0
      while (count < fetches && fetch(batch(), fetchBytes)) {
        count++
        yield* turns(2)
      }
      yield* andThen
      yield* turns(300)
      const grown = usedBytes() - before
      assert.isAtMost(grown, limits.maxOpenBytes + limits.dedupeBytes + marginBytes)
    }).pipe(Effect.scoped)
  )

const headers = (count: number, bytes: number): RecordHeaders =>
  Array.from({ length: count }, (_, index) => [`h${index}`, new Uint8Array(bytes)] as const)

const many = (count: number, one: () => Given) => (): ReadonlyArray<Given> => Array.from({ length: count }, one)

const never = { Work: () => Effect.never, Order: () => Effect.never }
const unlimited = { maxWaiting: 1_000_000, maxWaitingPerKey: 1_000_000 }

describe("what a responder holds", () => {
  holds("many small headers", {
    handlers: never,
    options: unlimited,
    batch: many(100, () => request("Work", { id: "a" }, { headers: headers(240, 1) })),
    fetches: 1_000
  })

  holds("many headers of some size", {
    handlers: never,
    options: unlimited,
    batch: many(100, () => request("Work", { id: "a" }, { headers: headers(240, 80) })),
    fetches: 1_000
  })

  holds("large record keys", {
    handlers: never,
    options: unlimited,
    batch: () => [request("Work", { id: "a" }, { key: Buffer.alloc(512 * 1024, String(++calls)) })],
    fetches: 1_000
  })

  holds("many record keys", {
    handlers: never,
    options: unlimited,
    batch: many(500, () => request("Work", { id: "a" }, { key: Buffer.from(`key ${++calls}`) })),
    fetches: 1_000
  })

  holds("fetches whose requests run", {
    handlers: never,
    options: { concurrency: 256 },
    batch: () => [request("Work", { id: "a" }, { headers: headers(1, 10) })],
    fetchBytes: MiB,
    fetches: 256
  })

  holds("fetches whose records are no requests", {
    options: { deadLetterTopic: "hostile.dead" },
    batch: () => [{ headers: [["x", Buffer.from("y")]], value: Buffer.from("no request") }],
    fetchBytes: MiB,
    fetches: 256
  })

  holds("fetches whose requests are refused", {
    batch: () => [request("Nothing", {})],
    fetchBytes: MiB,
    fetches: 256
  })

  holds("many who wait for one run", {
    handlers: never,
    options: unlimited,
    batch: many(500, () => request("Order", { id: "a", amount: 1 }, { key: Buffer.from("a") })),
    fetches: 1_000
  })

  holds("large replies that are not taken", {
    handlers: { Work: () => Effect.succeed("x".repeat(200_000)) },
    options: { concurrency: 16 },
    batch: many(10, () => request("Work", { id: "a" })),
    fetches: 200
  })

  const gate = Deferred.makeUnsafe<void>()
  holds("large replies of requests that were taken before", {
    handlers: { Work: () => Effect.as(Deferred.await(gate), "x".repeat(200_000)) },
    options: { concurrency: 16 },
    batch: many(10, () => request("Work", { id: "a" })),
    fetches: 200,
    andThen: Deferred.succeed(gate, undefined)
  })

  holds("fetches whose requests are answered at once", {
    handlers: { Work: ({ id }) => Effect.succeed(id) },
    batch: () => [request("Work", { id: "a" })],
    fetchBytes: MiB,
    fetches: 256
  })

  holds("reply headers that are not taken", {
    handlers: {
      Work: () =>
        Effect.as(
          Effect.forEach(headers(240, 100), ([name, bytes]) => ReplyHeaders.add(name, bytes), { discard: true }),
          "done"
        )
    },
    options: { concurrency: 16 },
    batch: many(50, () => request("Work", { id: "a" })),
    fetches: 200
  })

  holds("answers that are remembered", {
    handlers: { Work: ({ id }) => Effect.as(ReplyHeaders.add("x", Buffer.from(id)), id) },
    isWritten: true,
    options: { dedupeEntries: 1_000_000 },
    batch: many(500, () => request("Work", { id: `answer ${++calls}` })),
    fetches: 80
  })

  holds("answers that are kept per key", {
    handlers: {
      Order: ({ id }) =>
        Effect.as(
          Effect.forEach(headers(40, 2), ([name, bytes]) => ReplyHeaders.add(name, bytes), { discard: true }),
          id
        )
    },
    isWritten: true,
    options: { dedupeEntries: 1_000_000 },
    batch: many(500, () => request("Order", { id: `key ${++calls}`, amount: 1 })),
    fetches: 20
  })
})
