/**
 * The floor's answering half: reads, answers, forgets; nothing is committed. First argument: `core` or `stock`, the codec.
 */
import { type Operation, answerOf } from "../Workload.ts"
import { Batcher } from "./Batcher.ts"
import { openLink } from "./OpenLink.ts"
import { type FloorRecord, requests } from "./Wire.ts"

const link = await openLink("responder")
const batcher = new Batcher<FloorRecord>(link.send)
const success = Buffer.from(`v=1, outcome=success, attempt=1, at=${Date.now()}, from="floor", ctl=0`)
const failure = Buffer.from(`v=1, outcome=failure, attempt=1, at=${Date.now()}, from="floor", ctl=0`)

await link.read(requests, (messages) => {
  for (const message of messages) {
    const rr = Buffer.from(message.header("rr")!).toString("latin1")
    const operation = rr.slice(rr.indexOf('op="') + 4, rr.indexOf('"', rr.indexOf('op="') + 4)) as Operation
    const { body, isError } = answerOf(operation, JSON.parse(Buffer.from(message.value!).toString()))
    batcher.offer({
      topic: Buffer.from(message.header("kafka_replyTopic")!).toString("latin1"),
      key: null,
      value: Buffer.from(JSON.stringify(body)),
      headers: [
        ["kafka_correlationId", Buffer.from(message.header("kafka_correlationId")!)],
        ["rr", isError ? failure : success]
      ]
    })
  }
})

console.log("ready")
process.stdin.on("end", () => process.exit()).resume()
