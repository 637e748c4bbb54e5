/**
 * The floor: request and reply by bare kafkajs, tuned, with no guarantee at all. One script, two processes:
 * `bare.ts <brokers> answer` echoes, `bare.ts <brokers> ask` makes one call at a time and prints how long half of them took.
 */
import { createRequire } from "node:module"
import { connect } from "node:net"
import { Kafka, logLevel, Partitioners } from "kafkajs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { untilOrphaned } from "./internal/orphan.ts"

const clock = Effect.runSync(Clock.Clock)
const calls = 2_000
const requests = "bare.requests"
const replies = "bare.replies"

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

const kafka = new Kafka({
  brokers: (process.argv[2] ?? "").split(","),
  logLevel: logLevel.NOTHING,
  // Nagle's algorithm would add 40 ms to every other write.
  socketFactory: ({ host, onConnect, port }) => connect({ host, port }, onConnect).setNoDelay(true)
})
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

const listen = async (
  topic: string,
  groupId: string,
  onMessage: (value: Buffer) => Promise<unknown>
): Promise<void> => {
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 500 })
  const joined = new Promise<void>((resolve) => void consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: false })
  await consumer.run({ eachMessage: ({ message }) => onMessage(message.value!).then(() => undefined) })
  await joined
}

const send = (topic: string, value: Buffer) => producer.send({ topic, acks: -1, messages: [{ value }] })

const answer = async (): Promise<void> => {
  await listen(requests, "bare-answer", (value) => send(replies, value))
  console.log("serving")
  await Effect.runPromise(untilOrphaned)
  process.exit()
}

const ask = async (): Promise<void> => {
  const times = new Float64Array(calls)
  const waiting: Array<() => void> = []
  await listen(replies, "bare-ask", () => Promise.resolve(waiting.pop()?.()))
  for (let call = -calls; call < calls; call++) {
    const from = clock.monotonicTimeNanosUnsafe()
    const reply = new Promise<void>((resolve) => void waiting.push(resolve))
    await Promise.all([send(requests, Buffer.from("{}")), reply])
    if (call >= 0) times[call] = Number(clock.monotonicTimeNanosUnsafe() - from) / 1e6
  }
  times.sort()
  console.log(JSON.stringify({ name: "bare", value: times[calls / 2] }))
  process.exit()
}

await producer.connect()
const admin = kafka.admin()
await admin.connect()
await admin.createTopics({ topics: [requests, replies].map((topic) => ({ topic, numPartitions: 1 })) })
await admin.disconnect()
await (process.argv[3] === "answer" ? answer() : ask())
