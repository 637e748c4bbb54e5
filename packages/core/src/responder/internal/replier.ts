/**
 * Sends answers, and decides what becomes of a record when its answer was written or could not be.
 */
import type * as Clock from "effect/Clock"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import { excessOf } from "../ReplyHeaders.ts"
import { type Answer, rejected } from "./answer.ts"
import { type Origin, type ReplyObserver, ReplyPublication } from "./replyPublication.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { Addressee, TakenRecord } from "./takenRecord.ts"

export interface Environment {
  readonly publisher: Publisher
  readonly clock: Clock.Clock
  readonly recorder: ServeRecorder
  readonly origin: Origin
  /** An answer goes to the publisher. */
  readonly onSending: (taken: TakenRecord, reply: ReplyPublication) => void
  /** The answer is written, or nobody can be told any more. */
  readonly onDone: (taken: TakenRecord) => void
  /** Closing: whoever owns the partition next answers. */
  readonly onLeft: (taken: TakenRecord) => void
}

export type Send = (
  taken: TakenRecord,
  addressee: Addressee,
  answer: Answer,
  replyHeaders: ReadonlyArray<RecordHeader>
) => void

export const make = ({ clock, onDone, onLeft, onSending, origin, publisher, recorder }: Environment): Send => {
  const send: Send = (taken, addressee, answer, replyHeaders) => {
    const excess = excessOf(replyHeaders)
    if (excess !== undefined) return send(taken, addressee, rejected("reply-too-large", excess), [])
    const at = clock.currentTimeMillisUnsafe()
    const reply = new ReplyPublication({ taken, addressee, answer, replyHeaders, at, origin, observer })
    onSending(taken, reply)
    publisher.offer(reply)
  }
  const observer: ReplyObserver = {
    onReplied: (reply) => onDone(reply.taken),
    onReplyRefused: ({ addressee, answer, taken }, error) => {
      if (error.reason._tag === "TransportClosed") return onLeft(taken)
      // The broker refused this reply for good: the caller is told that once, in a reply of a few bytes.
      if (error.isDefinitive && answer.outcome !== "rejected") {
        const status = error.reason._tag === "TooLarge" ? "reply-too-large" : "reply-refused"
        return send(taken, addressee, rejected(status, `the reply could not be written: ${error.message}`), [])
      }
      recorder.replyAbandoned()
      onDone(taken)
    }
  }
  return send
}
