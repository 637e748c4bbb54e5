/**
 * Applies a broker's answer to the records of one partition.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Verdict } from "../../kafka/Verdict.ts"
import type { Publication } from "../Publication.ts"
import * as WriteState from "../WriteState.ts"
import type { SentBatch } from "./leaderWindow.ts"

const none: ReadonlyArray<Publication> = []

/**
 * Whether a batch is refused for good because of one of its records. A missing permission or partition concerns all of them:
 * a search for one record would make a thousand requests of a batch of 512.
 */
const isOfOne = ({ reason }: TransportError): boolean => reason._tag === "TooLarge" || reason._tag === "Refused"

/** Applies the verdict and returns the records that have their outcome; the others wait for their next try. */
export const settle = (batch: SentBatch, verdict: Verdict): ReadonlyArray<Publication> => {
  if (batch.isSettled) return none
  batch.isSettled = true
  const { queue, records } = batch
  queue.inFlight--
  for (const publication of records) publication.state = WriteState.judged(publication.state, verdict)
  const isAgain =
    verdict._tag !== "Written" && (verdict.error.isRetryable || (isOfOne(verdict.error) && records.length > 1))
  if (isAgain && !verdict.error.isRetryable) {
    // The broker does not say which record it refused: halves are tried until that one travels alone.
    const company = Math.max(1, Math.floor(records.length / 2))
    for (const publication of records) publication.companyLimit = company
  }
  queue.settled(records, isAgain ? records : none)
  return isAgain ? none : records
}
