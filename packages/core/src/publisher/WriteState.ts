/**
 * Whether a publication has been written, certainly or perhaps. Pure.
 *
 * The verdict of the last try is not enough: a record that was in doubt once stays in doubt, whatever a later try says, and
 * one that was in doubt before it was acknowledged may have been written twice.
 */
import type { TransportError } from "../kafka/TransportError.ts"
import type { Verdict } from "../kafka/Verdict.ts"

export type WriteState =
  /** Not handed over yet. */
  | { readonly _tag: "Queued" }
  /** Sent, and in doubt until the answer; `error` is that of the try before, which wrote nothing. */
  | { readonly _tag: "InFlight"; readonly error: TransportError | undefined }
  /** Every try ended, and none of them wrote anything. */
  | { readonly _tag: "NotWritten"; readonly error: TransportError }
  /** A try may have written it; also while it is tried again. */
  | { readonly _tag: "Unknown"; readonly error: TransportError }
  /** Acknowledged. `isOnce`: certainly not more than once. */
  | { readonly _tag: "Written"; readonly isOnce: boolean }

export const queued: WriteState = { _tag: "Queued" }
const inFlight: WriteState = { _tag: "InFlight", error: undefined }
const writtenOnce: WriteState = { _tag: "Written", isOnce: true }
const writtenAgain: WriteState = { _tag: "Written", isOnce: false }

/** The record is handed over. */
export const sent = (state: WriteState): WriteState => {
  switch (state._tag) {
    case "Queued":
      return inFlight
    case "NotWritten":
      return { _tag: "InFlight", error: state.error }
    default:
      return state
  }
}

/** The try ended with this verdict, or no further try is made for this reason. */
export const judged = (state: WriteState, verdict: Verdict): WriteState => {
  const wasInDoubt = state._tag === "Unknown"
  if (verdict._tag === "Written") return wasInDoubt ? writtenAgain : writtenOnce
  return wasInDoubt && verdict._tag === "NotWritten" ? { _tag: "Unknown", error: verdict.error } : verdict
}

/** No further try is made, for this reason: a record in flight or in doubt stays in doubt. */
export const givenUp = (state: WriteState, error: TransportError): WriteState => {
  switch (state._tag) {
    case "Queued":
    case "NotWritten":
      return { _tag: "NotWritten", error }
    case "InFlight":
    case "Unknown":
      return { _tag: "Unknown", error }
    case "Written":
      return state
  }
}

/** The error of the last try that ended without success. */
export const errorOf = (state: WriteState): TransportError | undefined => ("error" in state ? state.error : undefined)

/** Certainly not written, and not on its way. */
export const isUnwritten = (state: WriteState): boolean => state._tag === "Queued" || state._tag === "NotWritten"
