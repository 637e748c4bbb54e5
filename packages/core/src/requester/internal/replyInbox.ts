/**
 * Where this requester's replies come to: picks a partition of the reply topic, reads it from the end fixed at start,
 * finds another one when it is lost, and hands each reply to the call that waits for it.
 *
 * A fetch is one event: ids are compared in place before anything is decoded, calls are ended one after the other, and
 * their callers are resumed when the fetch is through.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Supervised from "../../host/Supervised.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { partitionOf } from "../../protocol/partitioner.ts"
import * as TopicSetup from "../../startup/TopicSetup.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import * as HeaderNames from "../../wire/HeaderNames.ts"
import * as RecordHeaders from "../../wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../wire/ReplyEnvelope.ts"
import { InvalidReply } from "../RequestError.ts"
import type { Call } from "./call.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { Calls } from "./calls.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

/** The part of `Calls` that replies are for. */
export type WaitingCalls = Pick<
  Calls,
  "answered" | "deafen" | "hearAt" | "now" | "rejected" | "resumeCallers" | "unusable" | "waiting"
>

export interface Options {
  readonly topic: string
  readonly partitions: number
  /** A fixed partition, or undefined to have one picked by the token. */
  readonly partition: number | undefined
  readonly token: Uint8Array
}

const invalid = (call: Call, detail: string) =>
  requestErrorOf(call.template.operation, new InvalidReply({ operation: call.tag, detail }))

const receiveOne = (
  record: ConsumedRecord,
  now: number,
  token: Uint8Array,
  calls: WaitingCalls,
  recorder: CallRecorder
) => {
  const id = RecordHeaders.last(record.headers, HeaderNames.correlationId)
  const number = id === undefined ? undefined : CorrelationId.counterOf(id, token)
  if (number === undefined) return recorder.ignored("foreign")
  const call = calls.waiting(number)
  if (typeof call === "string") return recorder.ignored(call)
  const decoded = ReplyEnvelope.decode(record.headers)
  if (decoded._tag === "Failure") {
    if (!decoded.failure.isReply) return recorder.ignored("malformed")
    recorder.invalidReply(call.tag)
    return calls.unusable(call, invalid(call, decoded.failure.reason), now)
  }
  const reply = { record, envelope: decoded.success }
  switch (reply.envelope.outcome) {
    case "rejected":
      return calls.rejected(call, reply, now)
    case "item":
    case "end":
      recorder.invalidReply(call.tag)
      return calls.unusable(call, invalid(call, `its outcome is ${reply.envelope.outcome}`), now)
    default:
      return calls.answered(call, reply, now)
  }
}

/** Hands the records of one fetch to the calls they answer. Total. */
export const receive = (
  records: ReadonlyArray<ConsumedRecord>,
  token: Uint8Array,
  calls: WaitingCalls,
  recorder: CallRecorder
): void => {
  const now = calls.now()
  for (const record of records) receiveOne(record, now, token, calls, recorder)
  calls.resumeCallers()
}

/** Reads replies as long as the scope is open; tells `calls` where they come to. */
export const open = Effect.fnUntraced(function* (
  transport: Transport["Service"],
  options: Options,
  calls: WaitingCalls,
  recorder: CallRecorder
): Effect.fn.Return<void, TransportError, Scope.Scope> {
  const { partition, token, topic } = options
  const scope = yield* Scope.Scope
  const losses = yield* Queue.sliding<TransportError>(1)
  let reading = yield* Scope.fork(scope)

  const read = (partitions: number) => {
    const address = { topic, partition: partition ?? partitionOf(token, partitions) }
    return transport
      .readPartition({
        ...address,
        from: "end",
        onRecords: (records) => receive(records, token, calls, recorder),
        // The driver says so; whatever they answered ends at its deadline.
        onUndecodable: () => recorder.ignored("undecodable"),
        onLost: (error) => {
          Queue.offerUnsafe(losses, error)
          calls.deafen(error)
        }
      })
      .pipe(Scope.provide(reading), Effect.andThen(Effect.sync(() => calls.hearAt(address))))
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
    yield* Effect.retry(readAgain, { schedule: TopicSetup.lookAgain }).pipe(
      // Whatever it dies of, the loss is still to be mended.
      Effect.onError(() => Effect.sync(() => Queue.offerUnsafe(losses, error)))
    )
    yield* Effect.logInfo(`replies come to ${topic} again`)
  })

  yield* read(options.partitions)
  yield* Supervised.fork("the look for a reply partition", Effect.forever(recover))
})
