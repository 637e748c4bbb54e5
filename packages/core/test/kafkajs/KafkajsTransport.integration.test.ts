import { type AddressInfo, createServer, type Socket } from "node:net"
import { assert, describe, it, vi } from "@effect/vitest"
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KafkajsTransport from "../../src/kafkajs/KafkajsTransport.ts"
import { transportSuite } from "../suites/TransportSuite.ts"
import { makeTopic, reader, record, takeUntil } from "./fixtures.ts"
import { publisherOverLink } from "../suites/transport/fixtures.ts"

vi.setConfig({ testTimeout: 30_000 })

const clientId = "core-test"

/** Accepts connections and says nothing, like a broker that is frozen. */
const silentServer = Effect.acquireRelease(
  Effect.callback<{ readonly address: string; readonly close: () => void }>((resume) => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
    })
    const close = () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ address: `127.0.0.1:${port}`, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
).pipe(Effect.map(({ address }) => address))

transportSuite("KafkajsTransport obeys the laws", KafkajsTransport.layer({ brokers: sharedBrokers, clientId }))

describe("KafkajsTransport", () => {
  it.live("says within 5 seconds which brokers do not answer", () =>
    Effect.gen(function* () {
      const layer = KafkajsTransport.layer({ brokers: ["127.0.0.1:1", "127.0.0.1:2"], clientId })
      const before = yield* Clock.currentTimeMillis
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 5_000)
      assert.strictEqual(error.reason._tag, "Unreachable")
      assert.include(error.message, "127.0.0.1:1, 127.0.0.1:2")
      // Said once, not once more in its own details.
      assert.lengthOf(error.message.split("no Kafka broker answers"), 2)
    })
  )

  it.live("connects when one of the brokers answers", () =>
    Effect.scoped(Layer.build(KafkajsTransport.layer({ brokers: ["127.0.0.1:1", ...sharedBrokers], clientId })))
  )

  it.live("connects when one of the brokers answers and those before it keep silent", () =>
    Effect.gen(function* () {
      const silent = [yield* silentServer, yield* silentServer]
      const transport = KafkajsTransport.layer({ brokers: [...silent, ...sharedBrokers], clientId })
      yield* Effect.provide(
        Effect.gen(function* () {
          const topic = yield* makeTopic(1)
          // Each reader and member connects by itself.
          const records = yield* reader(topic, 0, "end")
          yield* (yield* publisherOverLink).publish(record(topic, 0, "heard"), 5_000)
          yield* takeUntil(records, ["heard"])
        }),
        transport
      )
    }).pipe(Effect.scoped)
  )
})
