/**
 * The floor over this project's own driver: its codec and its connections, and nothing of its engine.
 */
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import { Transport } from "@kafka-request-reply/core/Transport"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import { type FloorLink, type FloorRecord, replies, requests } from "./Wire.ts"

const timeoutMillis = 5_000

/** A link that stays open until the process ends. */
export const open = async (): Promise<FloorLink> => {
  const runtime = ManagedRuntime.make(KafkajsTransport.layerConfig())
  const scope = Scope.makeUnsafe()
  const { link, readPartition, topics } = await runtime.runPromise(Transport)
  for (const name of [requests, replies]) {
    await runtime.runPromise(topics.create({ name, partitions: 1, replicationFactor: -1, configs: {} }))
    await runtime.runPromise(link.partitions(name))
  }
  return {
    send: (batch: ReadonlyArray<FloorRecord>) => {
      const batches = Array.from(
        Map.groupBy(batch, ({ topic }) => topic),
        ([topic, records]) => ({ topic, partition: 0, records: records.map((record) => ({ ...record, partition: 0 })) })
      )
      // All partitions are led by one broker here.
      return runtime.runPromise(link.send(link.leaderOf(batches[0]!.topic, 0), batches, timeoutMillis))
    },
    read: (topic, onMessages) =>
      runtime.runPromise(
        readPartition({
          topic,
          partition: 0,
          from: "end",
          onRecords: (records) =>
            onMessages(
              records.map(({ headers, key, value }) => ({
                key,
                value,
                header: (name: string) => headers.find(([known]) => known === name)?.[1]
              }))
            )
        }).pipe(Scope.provide(scope), Effect.asVoid)
      )
  }
}
