/**
 * Which share a request belongs to, as the option `fairShares` says.
 */
import type { RequestEnvelope } from "../../wire/RequestEnvelope.ts"
import type { FairShares } from "../Options.ts"

// Longer names differ before that, or are one share.
const maxLength = 256

export const shareOf = (
  by: FairShares | undefined,
  { callHeaders }: RequestEnvelope,
  laneKey: string | undefined
): string | undefined => {
  if (by === undefined) return undefined
  if (by.keyUntil === undefined) {
    const header = callHeaders.find(([name]) => name === by.header)
    return header === undefined ? undefined : Buffer.from(header[1].subarray(0, maxLength)).toString("latin1")
  }
  if (laneKey === undefined) return undefined
  // Keys are compared byte by byte.
  const end = laneKey.indexOf(Buffer.from(by.keyUntil).toString("latin1"))
  return laneKey.slice(0, Math.min(maxLength, end < 0 ? laneKey.length : end))
}
