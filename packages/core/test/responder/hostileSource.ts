/**
 * A responder whose records are handed in by the test, as views of the fetch that brought them, and whose writes are
 * acknowledged or stay on their way for ever: what it keeps of them is all that is kept.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { runInContext, createContext } from "node:vm"
import { setFlagsFromString } from "node:v8"
import type { ConsumedRecord } from "../../src/kafka/KafkaRecord.ts"
import { type JoinGroup, Transport } from "../../src/kafka/Transport.ts"
import * as Verdict from "../../src/kafka/Verdict.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import type { Options } from "../../src/responder/Options.ts"
import * as Responder from "../../src/responder/Responder.ts"
import type { RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import * as TestContract from "../suites/requestReply/TestContract.ts"

setFlagsFromString("--expose-gc")
const collect: () => void = runInContext("gc", createContext())

/** What is in use after everything that can be collected is. */
export const usedBytes = (): number => {
  collect()
  collect()
  const { arrayBuffers, external, heapUsed } = process.memoryUsage()
  // Array buffers are part of what is external.
  return heapUsed + Math.max(external, arrayBuffers)
}

/** Turns in which what was handed in is worked on. */
export const turns = (count: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void))).pipe(
    Effect.repeat({ times: count }),
    Effect.asVoid
  )

export interface Given {
  readonly key?: Uint8Array
  readonly value?: Uint8Array
  readonly headers: RecordHeaders
}

/** Copies everything into one buffer of at least this size, and returns the records that are views of it. */
const fetched = (given: ReadonlyArray<Given>, first: number, leastBytes: number): ReadonlyArray<ConsumedRecord> => {
  const parts = given.flatMap(({ headers, key, value }) => [key, value, ...headers.map(([, bytes]) => bytes)])
  const size = parts.reduce((sum, part) => sum + (part?.byteLength ?? 0), 0)
  const buffer = new Uint8Array(Math.max(leastBytes, size))
  let at = 0
  const view = (bytes: Uint8Array): Uint8Array => {
    buffer.set(bytes, at)
    at += bytes.byteLength
    return buffer.subarray(at - bytes.byteLength, at)
  }
  return given.map(({ headers, key, value }, index) => ({
    topic: "hostile.requests",
    partition: 0,
    offset: first + index,
    timestamp: 0,
    key: key === undefined ? null : view(key),
    value: value === undefined ? null : view(value),
    headers: headers.map(([name, bytes]) => [name, view(bytes)] as const)
  }))
}

/** Serves in the scope. `isWritten`: whether what it writes is acknowledged. */
export const hostileSource = Effect.fnUntraced(function* (
  handlers: Partial<TestContract.Handlers>,
  options: Partial<Options>,
  isWritten: boolean
) {
  const memory = yield* Transport.pipe(Effect.provide(MemoryTransport.layer))
  let member: JoinGroup | undefined
  const transport = Transport.of({
    ...memory,
    joinGroup: (join) =>
      Effect.map(memory.joinGroup({ ...join, onAssigned: () => {} }), (joined) => {
        member = join
        return { ...joined, commit: () => Effect.void, resume: () => {} }
      }),
    link: {
      ...memory.link,
      leaderOf: () => 0,
      send: (_, batches) =>
        isWritten ? Effect.succeed({ verdicts: batches.map(() => Verdict.written), throttleMillis: 0 }) : Effect.never
    }
  })
  const scope = yield* Scope.fork(yield* Effect.scope)
  const contract = TestContract.named("hostile")
  yield* Responder.make(contract, { topics: "create", partitions: 1, drainTimeout: 0, ...options }).pipe(
    Effect.provide(yield* Layer.build(contract.toLayer(TestContract.handlers(handlers)))),
    Effect.provideService(Transport, transport),
    Scope.provide(scope)
  )
  member!.onAssigned([{ topic: "hostile.requests", partition: 0, committed: 0, metadata: "" }])
  let next = 0
  /** Hands in one fetch; false when it was not taken whole. */
  const fetch = (given: ReadonlyArray<Given>, leastBytes = 0): boolean => {
    const taken = member!.onRecords(fetched(given, next, leastBytes))
    next += taken
    return taken === given.length
  }
  return { fetch }
})
