/**
 * What a driver tells of a reply partition while it is opened, or just after, counts as what it tells later.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import type { ReadPartition, Transport } from "../../../src/kafka/Transport.ts"
import { because, NoSuchPartition, type TransportError, Unreachable } from "../../../src/kafka/TransportError.ts"
import { partitionOf } from "../../../src/protocol/partitioner.ts"
import * as ReplyReaders from "../../../src/requester/internal/replyReaders.ts"
import { ScriptedLink } from "../../publisher/ScriptedLink.ts"
import { token } from "../fixtures.ts"

const silence = because(new Unreachable({ brokers: [], detail: "an injected fault" }))
const loss = because(new NoSuchPartition({ topic: "stock.replies", partition: 5, partitions: 0 }))
const first = partitionOf(token, 6)

/** Opens the readers; `opened` is told of each partition that is about to be read. */
const opening = (opened: (read: ReadPartition, count: number) => void, partition?: number) => {
  const reads: Array<ReadPartition> = []
  const told: Array<string> = []
  const transport: Transport["Service"] = {
    link: new ScriptedLink(),
    topics: {
      describe: (names) => Effect.succeed(names.map((name) => ({ name, partitions: 6, replicationFactor: 1 }))),
      create: () => Effect.succeed(false),
      configs: () => Effect.succeed({})
    },
    readPartition: (read) =>
      Effect.sync(() => {
        reads.push(read)
        opened(read, reads.length)
        return { start: 0 }
      }),
    joinGroup: () => Effect.die("not scripted"),
    groupSize: () => Effect.die("not scripted")
  }
  const calls: ReplyReaders.AddressedCalls = {
    hold: () => void told.push("hold"),
    deafen: () => void told.push("lost"),
    hearAt: ({ partition: at }) => void told.push(`hear at ${at}`),
    mark: () => () => false
  }
  const options = { topic: "stock.replies", partitions: 6, partition, token }
  return { reads, told, open: ReplyReaders.open(transport, options, calls, { onRecords: () => {} }) }
}

const silentBecause = (why: TransportError | undefined) => (read: ReadPartition, count: number) => {
  if (count === 1) read.onHearing?.(why)
}

describe("the reply partition", () => {
  it.effect("is passed over when its leader stops answering while it is opened", () =>
    Effect.gen(function* () {
      const { open, told } = opening(silentBecause(silence))
      yield* open
      assert.deepStrictEqual(told, [`hear at ${(first + 1) % 6}`])
    })
  )

  it.effect("is kept when it is configured, and calls wait until it answers", () =>
    Effect.gen(function* () {
      const { open, reads, told } = opening(silentBecause(silence), 4)
      yield* open
      assert.deepStrictEqual(told, ["hold"])
      reads[0]!.onHearing?.(undefined)
      assert.deepStrictEqual(told, ["hold", "hear at 4"])
    })
  )

  it.effect("is lost, and looked for again, when it is lost while it is opened", () =>
    Effect.gen(function* () {
      const { open, told } = opening((read, count) => {
        if (count === 1) read.onLost?.(loss)
      }, 4)
      yield* open
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(told, ["lost", "hear at 4"])
    })
  )

  it.effect("is tried again when no leader answers while it is opened", () =>
    Effect.gen(function* () {
      let silent = true
      const { open, told } = opening((read) => {
        if (silent) read.onHearing?.(silence)
      })
      const starting = yield* Effect.forkChild(open, { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      assert.isUndefined(starting.pollUnsafe())
      silent = false
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(starting)
      assert.strictEqual(told.length, 1)
    })
  )

  it.effect("is not one that stops answering while new calls are about to name it", () =>
    Effect.gen(function* () {
      // The second one, which is to take over, is silent as soon as it is read.
      const { open, reads, told } = opening((read, count) => {
        if (count === 2) read.onHearing?.(silence)
      })
      yield* open
      reads[0]!.onHearing?.(silence)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(told, [`hear at ${first}`, "hold", `hear at ${(first + 2) % 6}`])
    })
  )
})
