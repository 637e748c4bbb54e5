import { once } from "node:events"
import { createRequire } from "node:module"
import { createServer, type Server, Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { hardenConnection } from "../../../src/kafkajs/internal/hardenConnection.ts"
import { type Connection, createLogger, type RequestQueue } from "../../../src/kafkajs/internal/kafkajsInternals.ts"
import { Progress } from "../../../src/kafkajs/internal/progress.ts"
import { SocketRegistry } from "../../../src/kafkajs/internal/socketRegistry.ts"

const require = createRequire(import.meta.url)

interface StockQueue extends RequestQueue {
  readonly throttleCheckTimeoutId: unknown
  maybeThrottle(millis: number): void
  checkPendingRequests(): void
  push(request: object): void
  destroy(): void
}
interface StockConnection extends Connection {
  readonly requestQueue: StockQueue
  send(protocol: object): Promise<unknown>
  disconnect(): Promise<unknown>
}
const StockConnection = require("kafkajs/src/network/connection") as new (options: object) => StockConnection

const logger = createLogger({ level: 0, logCreator: () => () => {} })

/** Listens until the scope closes. */
const portOf = Effect.fnUntraced(function* (server: Server) {
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  server.listen(0, "127.0.0.1")
  yield* Effect.tryPromise(() => once(server, "listening"))
  const address = server.address()
  return typeof address === "object" ? address?.port : undefined
})

const makeConnection = (
  options: object,
  progress = new Progress(
    () => 0,
    () => {}
  )
): StockConnection => {
  const connection = new StockConnection({
    host: "127.0.0.1",
    port: 1,
    logger,
    connectionTimeout: 1_000,
    requestTimeout: 1_000,
    ...options
  })
  hardenConnection(connection, progress)
  return connection
}

/** A request without a body, and its answer as it comes. */
const request = {
  apiKey: 12,
  apiName: "Heartbeat",
  apiVersion: 1,
  encode: async () => ({ buf: Buffer.alloc(0), buffer: Buffer.alloc(0), size: () => 0 })
}
const response = { decode: async (bytes: Buffer) => bytes, parse: async (bytes: Buffer) => bytes }

describe("hardenConnection", () => {
  it("H1: sets no timer while nothing waits", () => {
    const { requestQueue: queue } = makeConnection({})
    queue.checkPendingRequests()
    assert.isNull(queue.throttleCheckTimeoutId)
  })

  it("H8: sends a request of a throttled client that was not held back by who knows of it, and tells of the throttling", () => {
    const throttled: Array<number> = []
    const progress = new Progress(
      () => 0,
      (millis) => throttled.push(millis)
    )
    const { requestQueue: queue } = makeConnection({}, progress)
    queue.maybeThrottle(60_000)
    let sent = 0
    queue.push({ entry: { correlationId: 1 }, expectResponse: true, sendRequest: () => sent++ })
    assert.deepStrictEqual([sent, progress.throttledMillis, throttled], [1, 60_000, [60_000]])
    queue.destroy()
  })

  it.live("H2, H5: opens one socket for any number of first requests, and leaves nothing on it", () =>
    Effect.gen(function* () {
      let accepted = 0
      const server = createServer(() => void accepted++)
      const port = yield* portOf(server)
      const sockets = new SocketRegistry()
      const connection = makeConnection({ port, socketFactory: sockets.open })
      yield* Effect.tryPromise(() => Promise.all(Array.from({ length: 20 }, () => connection.connect())))
      assert.deepStrictEqual([accepted, sockets.size], [1, 1])

      yield* Effect.callback<void>((resume) => {
        connection.socket!.once("close", () => resume(Effect.void))
        sockets.close()
      })
      assert.strictEqual(sockets.size, 0)
      // H5: a closed socket gathers no listeners, however often kafkajs disconnects it.
      const listeners = connection.socket!.listenerCount("connect")
      yield* Effect.tryPromise(() => connection.disconnect())
      yield* Effect.tryPromise(() => connection.disconnect())
      assert.strictEqual(connection.socket!.listenerCount("connect"), listeners)
      const refused = yield* Effect.flip(Effect.tryPromise(() => connection.connect()))
      assert.include(String(refused.cause), "the client is closed")
    }).pipe(Effect.scoped)
  )

  it.live("H6: an answer that was cut off with its connection is not taken for the beginning of the next", () =>
    Effect.gen(function* () {
      let connections = 0
      const server = createServer((socket) => {
        const isFirst = connections++ === 0
        socket.once("data", (request) => {
          const answer = Buffer.alloc(12)
          answer.writeInt32BE(8)
          request.copy(answer, 4, 8, 12)
          socket.write(isFirst ? answer.subarray(0, 10) : answer)
        })
      })
      const port = yield* portOf(server)
      const sockets = new SocketRegistry()
      yield* Effect.addFinalizer(() => Effect.sync(() => sockets.close()))
      const connection = makeConnection({ port, socketFactory: sockets.open })
      const ask = () => connection.send({ request, response })
      yield* Effect.tryPromise(() => connection.connect())
      const cutOff = yield* Effect.forkChild(Effect.exit(Effect.tryPromise(ask)), { startImmediately: true })
      yield* Effect.callback<void>((resume) => void connection.socket!.once("data", () => resume(Effect.void)))
      sockets.cut("the answer is given up")
      yield* Fiber.await(cutOff)
      yield* Effect.tryPromise(() => connection.connect())
      assert.deepStrictEqual(yield* Effect.tryPromise(ask), Buffer.alloc(4))
    }).pipe(Effect.scoped)
  )

  it.live("H3: destroys a socket that did not connect in time", () =>
    Effect.gen(function* () {
      const silent = new Socket()
      const connection = makeConnection({ connectionTimeout: 20, socketFactory: () => silent })
      yield* Effect.flip(Effect.tryPromise(() => connection.connect()))
      assert.isTrue(silent.destroyed)
    })
  )
})
