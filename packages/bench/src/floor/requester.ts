/**
 * The floor's asking half: a Map of waiting calls over a bare link; no deadline, no limit, no certainty. First argument:
 * `core` or `stock`, the codec.
 */
import { serveLoads } from "../Asking.ts"
import { Batcher } from "./Batcher.ts"
import { openLink } from "./OpenLink.ts"
import { type FloorRecord, replies, requests } from "./Wire.ts"

const link = await openLink("requester")
const batcher = new Batcher<FloorRecord>(link.send)
const waiting = new Map<number, (answer: { readonly isError: boolean; readonly body: unknown }) => void>()
const token = Buffer.from("floor...")
const replyTopic = Buffer.from(replies)
const replyPartition = Buffer.alloc(4)
let next = 0

await link.read(replies, (messages) => {
  for (const message of messages) {
    const id = Buffer.from(message.header("kafka_correlationId")!)
    const number = id.readUInt32BE(12)
    const resolve = waiting.get(number)
    if (resolve === undefined || !id.subarray(0, 8).equals(token)) continue
    waiting.delete(number)
    const isError = Buffer.from(message.header("rr")!).toString("latin1").includes("outcome=failure")
    resolve({ isError, body: JSON.parse(Buffer.from(message.value!).toString()) })
  }
})

await serveLoads(
  ({ key, operation, payload }) =>
    new Promise((resolve) => {
      const number = next++ % 2 ** 32
      waiting.set(number, resolve)
      const id = Buffer.alloc(16)
      token.copy(id)
      id.writeUInt32BE(number, 12)
      batcher.offer({
        topic: requests,
        key: key === undefined ? null : Buffer.from(key),
        value: Buffer.from(JSON.stringify(payload)),
        headers: [
          ["kafka_correlationId", id],
          ["kafka_replyTopic", replyTopic],
          ["kafka_replyPartition", replyPartition],
          ["rr", Buffer.from(`v=1, op="${operation}", deadline=${Date.now() + 5_000}, timeout=5000, attempt=1`)]
        ]
      })
    })
)
