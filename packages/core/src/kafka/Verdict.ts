/**
 * What is known of records that were to be written: they are, they are not, or nobody can say.
 *
 * The three are told apart because a caller may do another thing after "no" than after "perhaps". Not part of the error:
 * the same `TransportError` (a lost connection) means "no" before the first byte was sent and "perhaps" after it.
 */
import type { TransportError } from "./TransportError.ts"

/** Written, and acknowledged by all in-sync replicas. */
export interface Written {
  readonly _tag: "Written"
}

/** Certainly not written, and why. */
export interface NotWritten {
  readonly _tag: "NotWritten"
  readonly error: TransportError
}

/** Perhaps written, and why that is not known. */
export interface Unknown {
  readonly _tag: "Unknown"
  readonly error: TransportError
}

export type Unwritten = NotWritten | Unknown
export type Verdict = Written | Unwritten

export const written: Written = { _tag: "Written" }

export const notWritten = (error: TransportError): NotWritten => ({ _tag: "NotWritten", error })

export const unknown = (error: TransportError): Unknown => ({ _tag: "Unknown", error })

// Brokers find these before they append.
const refusedBeforeAppend = new Set(["LEADER_NOT_AVAILABLE", "NOT_ENOUGH_REPLICAS"])

/**
 * What a broker's refusal of a partition says of its records, with acks=all. `NOT_LEADER_OR_FOLLOWER`,
 * `REQUEST_TIMED_OUT` and `NOT_ENOUGH_REPLICAS_AFTER_APPEND` can come after the append, so that a later leader may have the
 * records; whatever is not known to come before it is taken for such a one.
 */
export const ofRefusal = (error: TransportError): Unwritten => {
  const { reason } = error
  const isBefore =
    reason._tag === "Unavailable"
      ? refusedBeforeAppend.has(reason.code)
      : // A topic that is unknown to its broker has no log that anybody could read the records from.
        error.isDefinitive
  return isBefore ? notWritten(error) : unknown(error)
}
