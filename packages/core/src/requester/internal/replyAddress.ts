/**
 * Where this requester's replies come to: picks a partition of the reply topic, reads it from the end fixed at start, and
 * finds another one when it is lost.
 *
 * Stops at records: whose reply one is, is the engine's question.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import type { Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import { partitionOf } from "../../protocol/partitioner.ts"

export interface Replies {
  /** The address to name in requests. */
  readonly address: () => ReplyAddress
  /** Why replies cannot come now; undefined when they can. */
  readonly lostBecause: () => TransportError | undefined
}

export interface Options {
  readonly topic: string
  readonly partitions: number
  /** A fixed partition, or undefined to have one picked by the token. */
  readonly partition: number | undefined
  readonly token: Uint8Array
  readonly onRecords: (records: ReadonlyArray<ConsumedRecord>) => void
  /** The replies of all calls in flight can be lost. */
  readonly onLost: (error: TransportError) => void
}

export const make = Effect.fnUntraced(function* (
  transport: Transport["Service"],
  options: Options
): Effect.fn.Return<Replies, TransportError, Scope.Scope> {
  const { partition, token, topic } = options
  const scope = yield* Scope.Scope
  const losses = yield* Queue.sliding<TransportError>(1)
  const choose = (count: number) => ({ topic, partition: partition ?? partitionOf(token, count) })
  let address = choose(options.partitions)
  let lostBecause: TransportError | undefined
  let reading = yield* Scope.fork(scope)

  const read = (partitions: number) => {
    const chosen = choose(partitions)
    return transport
      .readPartition({
        ...chosen,
        from: "end",
        onRecords: options.onRecords,
        onLost: (error) => {
          lostBecause = error
          options.onLost(error)
          Queue.offerUnsafe(losses, error)
        }
      })
      .pipe(
        Scope.provide(reading),
        Effect.andThen(
          Effect.sync(() => {
            address = chosen
            lostBecause = undefined
          })
        )
      )
  }

  // Asked anew for each try: the topic may be made and deleted more than once on the way. A try that failed has a client
  // of its own as well.
  const readAgain = Effect.gen(function* () {
    yield* Scope.close(reading, Exit.void)
    reading = yield* Scope.fork(scope)
    yield* read(yield* TopicSetup.partitionsOf(transport.topics, topic))
  })

  // The lost reader would look for its partition by itself; what it cannot do is to take another one.
  const recover = Effect.gen(function* () {
    const error = yield* Queue.take(losses)
    yield* Effect.logWarning(`the reply partition is lost: ${error.message}; calls fail until there is one again`)
    yield* Effect.retry(readAgain, { schedule: TopicSetup.lookAgain })
    yield* Effect.logInfo(`replies come to ${topic} again`)
  })

  yield* read(options.partitions)
  yield* recover.pipe(Effect.forever, Effect.forkScoped)
  return { address: () => address, lostBecause: () => lostBecause }
})
