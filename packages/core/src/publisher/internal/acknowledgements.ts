/**
 * Sorts the records of a batch by what the broker said about their partitions.
 *
 * A partition that the broker did not mention counts as not acknowledged: kafkajs resolves a send without error when a
 * leader moved during its retry or when a partition is unknown (hazards L1 and L3), and then the records were never
 * written.
 */
import type { PartitionAck } from "../../kafka/ProducerLink.ts"
import type { Publication } from "../Publication.ts"
import { because, type TransportError, Unacknowledged } from "../../kafka/TransportError.ts"
import type { Obstacle } from "./publishLane.ts"
import { nameOf } from "./publishRoutes.ts"

/** The error for one record of the batch, or undefined when it was acknowledged. */
export const errorFor = (acks: ReadonlyArray<PartitionAck>): Obstacle => {
  const byTopic = new Map<string, Map<number, PartitionAck>>()
  for (const ack of acks) {
    let partitions = byTopic.get(ack.topic)
    if (partitions === undefined) byTopic.set(ack.topic, (partitions = new Map()))
    // A partition can be named twice after a retry inside the driver: an error of either attempt is kept.
    if (partitions.get(ack.partition)?.error === undefined) partitions.set(ack.partition, ack)
  }
  return ({ partition, topic }) => {
    const ack = byTopic.get(topic)?.get(partition)
    return ack === undefined ? because(new Unacknowledged({ topic, partition })) : ack.error
  }
}

/** What a broker that answered has against the partitions of a batch for now. Of others it said nothing. */
export const obstacleIn = (batch: ReadonlyArray<Publication>, errorOf: Obstacle): Obstacle => {
  const errors = new Map<string, TransportError>()
  for (const publication of batch) {
    const error = errorOf(publication)
    if (error?.isRetryable) errors.set(nameOf(publication), error)
  }
  return (record) => errors.get(nameOf(record))
}
