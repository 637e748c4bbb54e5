/**
 * The floor over kafkajs as it comes, with the two settings that everybody who measures it ends up with.
 */
import { createRequire } from "node:module"
import { connect } from "node:net"
import { Kafka, logLevel, Partitioners } from "kafkajs"
import { type FloorLink, replies, requests } from "./Wire.ts"

interface RequestQueue {
  readonly pending: ReadonlyArray<unknown>
  scheduleCheckPendingRequests(): void
}

const { prototype } = createRequire(import.meta.url)("kafkajs/src/network/requestQueue") as { prototype: RequestQueue }
const schedule = prototype.scheduleCheckPendingRequests
// A timer of 1 ms per connection for ever, of which Node warns, when nothing waits.
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this)
}

export const open = async (brokers: ReadonlyArray<string>, name: string): Promise<FloorLink> => {
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId: name,
    logLevel: logLevel.NOTHING,
    // Nagle's algorithm would add 40 ms to every other write.
    socketFactory: ({ host, onConnect, port }) => connect({ host, port }, onConnect).setNoDelay(true)
  })
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [requests, replies].map((topic) => ({ topic, numPartitions: 1 })) })
  await admin.disconnect()
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return {
    send: (batch) =>
      producer.sendBatch({
        acks: -1,
        topicMessages: Array.from(
          Map.groupBy(batch, ({ topic }) => topic),
          ([topic, records]) => ({
            topic,
            messages: records.map(({ headers, key, value }) => ({
              key,
              value,
              partition: 0,
              headers: Object.fromEntries(headers)
            }))
          })
        )
      }),
    read: async (topic, onMessages) => {
      const consumer = kafka.consumer({ groupId: `${topic}-${name}-${process.pid}`, maxWaitTimeInMs: 250 })
      const joined = new Promise<void>((resolve) => void consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
      await consumer.connect()
      await consumer.subscribe({ topic, fromBeginning: false })
      await consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          onMessages(
            batch.messages.map(({ headers, key, value }) => ({
              key,
              value,
              header: (wanted: string) => headers?.[wanted] as Buffer | undefined
            }))
          )
          return Promise.resolve()
        }
      })
      await joined
    }
  }
}
