/**
 * What the probe makes of ports that are no Kafka.
 */
import { type AddressInfo, createServer, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parseAddress, probe } from "../src/KafkaProbe.ts"

/** The address of a server that does this with every connection, until the scope closes. */
const serve = Effect.fnUntraced(function* (answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => sockets.delete(socket))
    answer(socket)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
})

const kindOf = (address: string) => Effect.map(Effect.flip(probe(address, "200 millis")), (failure) => failure.kind)

const http = "HTTP/1.1 400 Bad Request\r\n\r\n"
/** A whole answer by its length prefix, with a correlation id that nobody asked with. */
const otherAnswer = Buffer.from("000000080000000100000000", "hex")

describe("KafkaProbe", () => {
  it.effect.each([
    ["keeps silent", () => {}, "silent"],
    ["hangs up", (socket: Socket) => socket.end(), "foreign"],
    ["resets the connection", (socket: Socket) => socket.resetAndDestroy(), "foreign"],
    ["speaks HTTP and stays", (socket: Socket) => socket.write(http), "foreign"],
    ["speaks HTTP and hangs up", (socket: Socket) => socket.end(http), "foreign"],
    ["answers another question", (socket: Socket) => socket.write(otherAnswer), "foreign"],
    ["begins an answer only", (socket: Socket) => socket.write(otherAnswer.subarray(0, 6)), "silent"]
  ] as const)("calls a server that %s by its name", ([, answer, kind]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* kindOf(yield* serve(answer)), kind)
    })
  )

  it.effect("calls a closed port refused", () =>
    Effect.gen(function* () {
      const address = yield* Effect.scoped(serve(() => {}))
      assert.strictEqual(yield* kindOf(address), "refused")
    })
  )

  it("splits addresses", () => {
    assert.deepStrictEqual(parseAddress("a.b:9092"), { host: "a.b", port: 9092 })
    assert.deepStrictEqual(parseAddress("[::1]:9092"), { host: "::1", port: 9092 })
  })
})
