/**
 * Whose record is it? Requests carry the plan's name of their call in a header; replies and cancels are told by the
 * correlation id of a request seen before.
 */
import type { OutgoingRecord } from "@kafka-request-reply/core/Transport"
import * as CorrelationId from "@kafka-request-reply/core/simulator/wire/CorrelationId"
import * as HeaderNames from "@kafka-request-reply/core/simulator/wire/HeaderNames"
import * as RecordHeaders from "@kafka-request-reply/core/simulator/wire/RecordHeaders"
import * as ReplyEnvelope from "@kafka-request-reply/core/simulator/wire/ReplyEnvelope"
import * as RequestEnvelope from "@kafka-request-reply/core/simulator/wire/RequestEnvelope"
import * as Result from "effect/Result"
import type { Label } from "../history/Event.ts"

/** The call header that names the call in the plan. */
export const callHeader = "sim-call"

/** What is read off a record once, and kept with it. */
export interface Described {
  readonly label: Label
  /** A reply's outcome, with its status when it is a rejection. */
  readonly outcome: string | undefined
  /** A request's deadline on the wire, epoch milliseconds. */
  readonly deadline: number | undefined
  /** The reply partition that a request names. */
  readonly replyPartition?: number | undefined
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8")

const nobody: Label = { leg: "other", call: "?", id: "", attempt: 0 }

export class Labels {
  readonly #calls = new Map<string, string>()
  readonly #known = new WeakMap<object, Described>()

  /** The call with this correlation id (hexadecimal), if a request with it was seen. */
  callOf(id: string): string | undefined {
    return this.#calls.get(id)
  }

  describe(record: OutgoingRecord): Described {
    let described = this.#known.get(record)
    if (described === undefined) this.#known.set(record, (described = this.#read(record)))
    return described
  }

  #read(record: OutgoingRecord): Described {
    const { headers } = record
    if (record.topic.endsWith(".replies")) return this.#readReply(record)
    const decoded = RequestEnvelope.decode(headers)
    if (Result.isFailure(decoded)) return { label: nobody, outcome: undefined, deadline: undefined }
    const envelope = decoded.success
    const id = CorrelationId.toHex(envelope.correlationId)
    if (envelope.kind === "cancel") {
      const label: Label = { leg: "cancel", call: this.#calls.get(id) ?? "?", id, attempt: 0 }
      return { label, outcome: undefined, deadline: undefined }
    }
    const name = RecordHeaders.last(headers, callHeader)
    const call = name === undefined ? "?" : text(name)
    if (name !== undefined) this.#calls.set(id, call)
    return {
      label: { leg: "request", call, id, attempt: envelope.attempt },
      outcome: undefined,
      deadline: envelope.deadline,
      replyPartition: envelope.replyTo?.partition
    }
  }

  #readReply({ headers }: OutgoingRecord): Described {
    const bytes = RecordHeaders.last(headers, HeaderNames.correlationId)
    const decoded = ReplyEnvelope.decode(headers)
    if (bytes === undefined || Result.isFailure(decoded))
      return { label: nobody, outcome: undefined, deadline: undefined }
    const id = CorrelationId.toHex(bytes)
    const { attempt, outcome, status } = decoded.success
    return {
      label: { leg: "reply", call: this.#calls.get(id) ?? "?", id, attempt: attempt ?? 1 },
      outcome: status === undefined ? outcome : `${outcome} ${status}`,
      deadline: undefined
    }
  }
}
