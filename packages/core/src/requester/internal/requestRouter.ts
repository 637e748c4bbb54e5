/**
 * Which partition each request of a topic goes to: the one of its key, else one that can be written to.
 */
import type { Publisher } from "../../publisher/Publisher.ts"
import { partitionOf } from "../../protocol/partitioner.ts"
import { choose } from "./partitionChoice.ts"
import type { TopicSize } from "./topicSize.ts"

export interface RequestRouter {
  readonly topic: string
  /** The partition of a key; without one the next that can be written to, or just the next when none can. */
  readonly route: (key: Uint8Array | null) => number
  /** A partition that can be written to and is not among these; undefined when there is none. */
  readonly elsewhere: (without: ReadonlyArray<number>) => number | undefined
  /** The broker has told how many partitions there are. */
  readonly learn: (partitions: number) => void
}

export const make = (size: TopicSize, publisher: Pick<Publisher, "load">): RequestRouter => {
  const { learn, topic } = size
  let turn = 0
  const loadOf = (partition: number): number => publisher.load({ topic, partition })
  const next = (without: ReadonlyArray<number>): number | undefined => {
    const partitions = size.partitions()
    if (turn >= partitions) turn = 0
    const chosen = choose(partitions, turn, loadOf, without)
    if (chosen !== undefined) turn = chosen + 1
    return chosen
  }
  return {
    topic,
    route: (key) => (key === null ? (next(none) ?? turn++) : partitionOf(key, size.partitions())),
    elsewhere: next,
    learn
  }
}

const none: ReadonlyArray<number> = []
