/**
 * Whether a position can be trusted in the log as its leader has it now (KIP-320).
 *
 * A position is valid as long as the leader it was read from stays leader. A new leader may lack the last records and may have
 * written others at their offsets: the reader asks it where the epoch of the last record read ends in its log.
 */
import * as Effect from "effect/Effect"
import type { TopicPartition } from "../../kafka/KafkaRecord.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import { decodeEpochs, encodeEpochs, type EpochAnswer, type EpochEnd, epochVersion } from "../../protocol/epochCodec.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { inVersion } from "./ownVersion.ts"

export class ReadEpoch {
  #epoch: number | undefined
  /** The epoch of the leader that confirmed the position. */
  #goodIn = -1

  /** `epoch` is that of the record before the position, undefined when it is not known. */
  constructor(epoch: number | undefined) {
    this.#epoch = epoch
  }

  /** The epoch whose end to ask the leader of this epoch for; undefined when the position needs no check. */
  questionTo(leaderEpoch: number): number | undefined {
    return leaderEpoch < 0 || leaderEpoch === this.#goodIn ? undefined : this.#epoch
  }

  /** The position is valid in the log of the leader of this epoch. */
  goodIn(leaderEpoch: number): void {
    this.#goodIn = leaderEpoch
  }

  /** The last record read has this epoch, and came from the leader of that one. */
  read(epoch: number | undefined, leaderEpoch: number): void {
    if (epoch !== undefined && epoch >= 0) this.#epoch = epoch
    this.#goodIn = leaderEpoch
  }

  /** The position was moved: the epoch of the record before it is not known. */
  forget(): void {
    this.#epoch = undefined
  }
}

/** Where these epochs end in the logs that this broker leads, asked over the connection of the purpose. */
export const epochEnds = Effect.fnUntraced(function* (
  client: ClusterClient,
  nodeId: number,
  purpose: string,
  asked: ReadonlyArray<TopicPartition & { readonly epoch: number; readonly leaderEpoch: number }>
): Effect.fn.Return<ReadonlyArray<EpochEnd>, TransportError> {
  const connection = yield* client.connect(nodeId, purpose)
  const { partitions } = yield* client.ask<EpochAnswer>(
    connection,
    `asking broker ${nodeId} for the ends of leader epochs`,
    (versions) => inVersion(versions, "OffsetForLeaderEpoch", epochVersion, () => encodeEpochs(asked), decodeEpochs)
  )
  for (const { errorCode, topic } of partitions) yield* client.failOnCode(errorCode, topic)
  return partitions
})
