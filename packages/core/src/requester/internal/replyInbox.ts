/**
 * Hands each reply that is read to the call that waits for it. Which partitions are read is decided in `replyReaders.ts`.
 *
 * A fetch is one event: ids are compared in place before anything is decoded, calls are ended one after the other, and
 * their callers are resumed when the fetch is through.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"
import type { Transport } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import * as CorrelationId from "../../wire/CorrelationId.ts"
import * as HeaderNames from "../../wire/HeaderNames.ts"
import * as RecordHeaders from "../../wire/RecordHeaders.ts"
import * as ReplyEnvelope from "../../wire/ReplyEnvelope.ts"
import { InvalidReply } from "../RequestError.ts"
import type { Call } from "./call.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { Calls } from "./calls.ts"
import * as ReplyReaders from "./replyReaders.ts"
import { requestErrorOf } from "./requestErrorOf.ts"

/** The part of `Calls` that replies are for. */
export type WaitingCalls = Pick<Calls, "answered" | "now" | "rejected" | "resumeCallers" | "unusable" | "waiting">

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
export const open = (
  transport: Transport["Service"],
  options: ReplyReaders.Options,
  calls: WaitingCalls & ReplyReaders.AddressedCalls,
  recorder: CallRecorder
): Effect.Effect<void, TransportError, Scope.Scope> =>
  ReplyReaders.open(transport, options, calls, {
    onRecords: (records) => receive(records, options.token, calls, recorder),
    // The driver says so; whatever they answered ends at its deadline.
    onUndecodable: () => recorder.ignored("undecodable")
  })
