import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { partitionOf } from "../../../src/protocol/partitioner.ts"
import * as ReplyInbox from "../../../src/requester/internal/replyInbox.ts"
import type { ReadPartition, Transport } from "../../../src/kafka/Transport.ts"
import { because, NoSuchPartition, type TransportError } from "../../../src/kafka/TransportError.ts"
import { ScriptedLink } from "../../publisher/ScriptedLink.ts"
import type { ReplyAddress } from "../../../src/wire/ReplyAddress.ts"
import { recorderInto } from "../ScriptedCalls.ts"
import { token } from "../fixtures.ts"

const lost = because(new NoSuchPartition({ topic: "stock.replies", partition: 5, partitions: 0 }))

const unexpected = (): never => assert.fail("nothing was received")

/** Replies read from a topic that the test deletes and makes anew. */
const listening = Effect.fnUntraced(function* (partition?: number) {
  /** Undefined: there is no topic. The second number counts when it was read from, the first when it was described. */
  const topic: { described: number | undefined; readable: number | undefined } = { described: 6, readable: 6 }
  const reads: Array<ReadPartition> = []
  let open = 0
  const losses: Array<TransportError> = []
  const transport: Transport["Service"] = {
    link: new ScriptedLink(),
    topics: {
      describe: (names) =>
        Effect.sync(() => {
          const partitions = topic.described
          return partitions === undefined ? [] : names.map((name) => ({ name, partitions, replicationFactor: 1 }))
        }),
      create: () => Effect.succeed(false),
      configs: () => Effect.succeed({})
    },
    readPartition: (read) =>
      Effect.gen(function* () {
        // As a driver does it: a client is made first, and stays until the scope closes.
        open++
        yield* Effect.addFinalizer(() => Effect.sync(() => open--))
        if (topic.readable === undefined || read.partition >= topic.readable) return yield* lost
        reads.push(read)
        return { start: 0 }
      }),
    joinGroup: () => Effect.die("not scripted"),
    groupSize: () => Effect.die("not scripted")
  }
  const silences: Array<TransportError> = []
  let isDone = false
  let address: ReplyAddress | undefined
  let lostBecause: TransportError | undefined
  const calls: Parameters<typeof ReplyInbox.open>[2] = {
    hold: (error) => void silences.push(error),
    mark: () => () => isDone,
    answered: unexpected,
    deafen: (error) => {
      lostBecause = error
      losses.push(error)
    },
    hearAt: (found) => {
      address = found
      lostBecause = undefined
    },
    now: () => 0,
    rejected: unexpected,
    resumeCallers: () => {},
    unusable: unexpected,
    waiting: unexpected
  }
  yield* ReplyInbox.open(
    transport,
    { topic: "stock.replies", partitions: 6, partition, token },
    calls,
    recorderInto([])
  )
  const replies = { address: () => address!, lostBecause: () => lostBecause }
  return { done: () => void (isDone = true), losses, silences, open: () => open, reads, replies, topic }
})

describe("the reply address", () => {
  it.effect("is the partition that is configured, else the one of the token, read from its end", () =>
    Effect.gen(function* () {
      const picked = yield* listening()
      const expected = { topic: "stock.replies", partition: partitionOf(token, 6) }
      assert.deepStrictEqual(picked.replies.address(), expected)
      assert.deepStrictEqual([picked.reads[0]?.partition, picked.reads[0]?.from], [expected.partition, "end"])
      assert.strictEqual((yield* listening(4)).replies.address().partition, 4)
    })
  )

  it.effect("is lost when its topic is, and found again when there is one, with the partitions it then has", () =>
    Effect.gen(function* () {
      const { losses, open, reads, replies, topic } = yield* listening()
      topic.described = topic.readable = undefined
      reads[0]!.onLost?.(lost)
      assert.deepStrictEqual([replies.lostBecause(), losses], [lost, [lost]])
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(replies.lostBecause(), lost)
      topic.described = topic.readable = 2
      yield* TestClock.adjust("1 second")
      assert.isUndefined(replies.lostBecause())
      assert.deepStrictEqual(replies.address(), { topic: "stock.replies", partition: partitionOf(token, 2) })
      assert.deepStrictEqual([reads.length, open()], [2, 1])
      // And again.
      topic.described = topic.readable = undefined
      reads[1]!.onLost?.(lost)
      assert.strictEqual(replies.lostBecause(), lost)
      topic.described = topic.readable = 3
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([replies.lostBecause(), reads.length, open()], [undefined, 3, 1])
    })
  )

  it.effect("is found again when the topic is made anew once more before it can be read", () =>
    Effect.gen(function* () {
      const { open, reads, replies, topic } = yield* listening()
      // Described as it was, and already smaller.
      topic.described = 6
      topic.readable = 1
      reads[0]!.onLost?.(lost)
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(replies.lostBecause(), lost)
      // What a try leaves behind is gone.
      assert.strictEqual(open(), 0)
      topic.described = 1
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([replies.lostBecause(), replies.address().partition], [undefined, 0])
    })
  )

  it.effect("cannot be had without its topic at the start", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Effect.flip(listening(7)), lost)
    })
  )
})
