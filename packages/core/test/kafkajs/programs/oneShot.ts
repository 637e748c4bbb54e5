/** Connects, writes, reads, joins and leaves; then nothing may keep the process alive. The brokers are the argument. */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as KafkajsTransport from "../../../src/kafkajs/KafkajsTransport.ts"
import { makeTopic, member, reader, record } from "../fixtures.ts"
import { publisherOverLink } from "../../suites/transport/fixtures.ts"

const brokers = process.argv[2]!.split(",")

const program = Effect.gen(function* () {
  const publisher = yield* publisherOverLink
  const topic = yield* makeTopic(1)
  const read = yield* reader(topic, 0, "end")
  const { records } = yield* member(`${topic}.group`, topic)
  yield* publisher.publish(record(topic, 0, "x"))
  yield* Queue.take(read)
  yield* Queue.take(records)
})

process.on("unhandledRejection", (error) => {
  console.error("unhandled", error)
  process.exitCode = 3
})
await Effect.runPromise(
  Effect.scoped(program).pipe(Effect.provide(KafkajsTransport.layer({ brokers, clientId: "one-shot" })))
)
console.log("closed")
