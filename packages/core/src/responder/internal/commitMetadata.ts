/**
 * What a commit says beside its offset: the offsets above it that are done, and of which topic it speaks.
 *
 * Kafka takes 4 096 characters (`offset.metadata.max.bytes`). The text is one of two forms, whichever is shorter, counted
 * from the committed offset on, and empty when nothing is done above it:
 *
 *   `d1:` base64url of LEB128 numbers, in turn how many offsets are open and how many are done
 *   `d2:` base64url of a bitmap: bit `i % 8` (the lowest is 0) of byte `i / 8` is set when the offset `i` further is done
 *
 * Either may come after `t1:<topic id>:`, the id of the topic that the offsets belong to: a topic that was deleted and made
 * anew has another one, and then they mean nothing.
 */
import { maxMetadataLength } from "../../kafka/Transport.ts"
import type { DoneSet, Run } from "./doneSet.ts"

const runsPrefix = "d1:"
const bitmapPrefix = "d2:"
const topicPattern = /^t1:([^:]{1,36}):/
// "t1:", 36 characters at most, ":".
const maxTopicLength = 40

/** Bytes that always fit, whatever the id of the topic is. */
export const maxBytes = Math.floor(((maxMetadataLength - maxTopicLength - bitmapPrefix.length) * 3) / 4)

const pushNumber = (bytes: Array<number>, value: number): void => {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

/** The lowest runs as lengths, as many as fit into so many bytes, and where the last of them ends. */
const lengthsOf = (committed: number, runs: ReadonlyArray<Readonly<Run>>, limit: number) => {
  const bytes: Array<number> = []
  let end = committed
  for (const { from, to } of runs) {
    const before = bytes.length
    pushNumber(bytes, from - end)
    pushNumber(bytes, to - from)
    if (bytes.length > limit) {
      bytes.length = before
      break
    }
    end = to
  }
  return { bytes, end }
}

const bitmapOf = (committed: number, runs: ReadonlyArray<Readonly<Run>>, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (const { from, to } of runs) {
    const last = Math.min(to - committed, length * 8)
    for (let bit = from - committed; bit < last; bit++) bytes[bit >>> 3]! |= 1 << (bit & 7)
  }
  return bytes
}

const base64 = (bytes: Uint8Array | ReadonlyArray<number>): string => Buffer.from(bytes).toString("base64url")

const doneText = (committed: number, runs: ReadonlyArray<Readonly<Run>>): string => {
  const last = runs.at(-1)
  if (last === undefined) return ""
  const bitmapLength = Math.ceil((last.to - committed) / 8)
  const lengths = lengthsOf(committed, runs, Math.min(maxBytes, bitmapLength))
  const bits = Math.min(bitmapLength, maxBytes) * 8
  // Whole or not, the form that reaches further.
  if (lengths.end - committed >= Math.min(bits, last.to - committed)) return runsPrefix + base64(lengths.bytes)
  return bitmapPrefix + base64(bitmapOf(committed, runs, bits / 8))
}

/** An id that can be written. Another one is not, and then the commit does not say which topic it is of. */
const topicText = (topicId: string | undefined): string => {
  const text = topicId === undefined ? "" : `t1:${topicId}:`
  return topicPattern.exec(text)?.[0] === text ? text : ""
}

/**
 * The metadata of a commit; empty when there is nothing to say. Should the set not fit, which `OffsetLedger` takes care
 * of, its highest part is left out: those requests would be executed again after a rebalance, never lost.
 */
export const encode = (committed: number, done: DoneSet, topicId?: string): string =>
  topicText(topicId) + doneText(committed, done.runs())

/** The topic that a commit speaks of, if it says so. */
export const topicIdOf = (metadata: string): string | undefined => topicPattern.exec(metadata)?.[1]

const readLengths = (committed: number, bytes: Uint8Array): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  let position = committed
  let value = 0
  let scale = 1
  let isOpen = true
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale
    if (!Number.isSafeInteger(position + value)) return []
    if (byte >= 0x80) {
      scale *= 0x80
      continue
    }
    const end = position + value
    if (!isOpen && value > 0) runs.push({ from: position, to: end })
    position = end
    isOpen = !isOpen
    value = 0
    scale = 1
  }
  return isOpen && scale === 1 ? runs : []
}

const readBitmap = (committed: number, bytes: Uint8Array): ReadonlyArray<Run> => {
  const runs: Array<Run> = []
  const bits = bytes.length * 8
  if (!Number.isSafeInteger(committed + bits)) return []
  let from = -1
  for (let bit = 0; bit <= bits; bit++) {
    const isDone = bit < bits && (bytes[bit >>> 3]! & (1 << (bit & 7))) !== 0
    if (isDone && from < 0) from = bit
    if (isDone || from < 0) continue
    runs.push({ from: committed + from, to: committed + bit })
    from = -1
  }
  return runs
}

/** The runs that a commit's metadata tells, or none when it is not of this form (another program's commit). Total. */
export const decode = (committed: number, metadata: string): ReadonlyArray<Run> => {
  if (metadata.length > maxMetadataLength) return []
  const text = metadata.replace(topicPattern, "")
  const bytes = Buffer.from(text.slice(runsPrefix.length), "base64url")
  if (text.startsWith(runsPrefix)) return readLengths(committed, bytes)
  return text.startsWith(bitmapPrefix) ? readBitmap(committed, bytes) : []
}
