/**
 * Brokers of a few hundred lines less than Kafka: sockets that answer the requests of a connection in turn, as Kafka does,
 * with one topic of one partition, and what a test wants them to do instead.
 */
import { once } from "node:events"
import { createServer, type Server, type Socket } from "node:net"
import * as Effect from "effect/Effect"

export const topic = "orders"
export const apis = { produce: 0, fetch: 1, listOffsets: 2, metadata: 3, saslHandshake: 17, apiVersions: 18, sasl: 36 }

/** What a test does with a request instead of answering it: nothing, for ever; or the body of its answer. */
export type Reaction = "silence" | "hang up" | Buffer | undefined

export interface ScriptedBroker {
  readonly address: string
  /** How often each API was asked. */
  readonly asked: Map<number, number>
  /** Sockets that were ended after at least one request other than ApiVersions alone. */
  readonly ended: () => number
}

export interface Script {
  /** The broker that leads the partition, as the broker with this id says. */
  leader: (nodeId: number) => number
  react: (nodeId: number, apiKey: number) => Reaction | Promise<Reaction>
  /** What every answer to a write asks for as quiet. */
  throttleMillis: number
}

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])

const versions = [
  [apis.produce, 3, 8],
  [apis.fetch, 4, 11],
  [apis.listOffsets, 1, 3],
  [apis.metadata, 4, 8],
  [apis.saslHandshake, 0, 1],
  [apis.apiVersions, 0, 2],
  [apis.sasl, 0, 1]
] as const

const apiVersions = () =>
  Buffer.concat([int16(0), int32(versions.length), ...versions.flatMap((version) => version.map(int16)), int32(0)])

const metadata = (ports: ReadonlyArray<number>, leader: number) =>
  Buffer.concat([
    int32(0),
    int32(ports.length),
    ...ports.flatMap((port, nodeId) => [int32(nodeId), text("127.0.0.1"), int32(port), int16(-1)]),
    int16(-1),
    int32(0),
    int32(1),
    int16(0),
    text(topic),
    Buffer.from([0]),
    // One partition: its leader with epoch, replicas, in-sync replicas, offline replicas.
    int32(1),
    int16(0),
    int32(0),
    int32(leader),
    int32(leader),
    int32(1),
    int32(0),
    int32(1),
    int32(0),
    int32(0),
    int32(0),
    int32(0)
  ])

const saslHandshake = () => Buffer.concat([int16(0), int32(1), text("PLAIN")])
export const saslAnswer = (errorCode: number) => Buffer.concat([int16(errorCode), int16(-1), int32(0), int64(0)])
const produced = (throttleMillis: number) =>
  Buffer.concat([
    int32(1),
    text(topic),
    int32(1),
    int32(0),
    int16(0),
    int64(0),
    int64(-1),
    int64(0),
    int32(throttleMillis)
  ])
const fetched = () =>
  Buffer.concat([
    int32(0),
    int16(0),
    int32(0),
    int32(1),
    text(topic),
    int32(1),
    int32(0),
    int16(0),
    int64(7),
    int64(7),
    int64(0),
    int32(-1),
    int32(-1),
    int32(0)
  ])
const listed = () => Buffer.concat([int32(0), int32(1), text(topic), int32(1), int32(0), int16(0), int64(-1), int64(7)])

const answerTo = (apiKey: number, ports: ReadonlyArray<number>, nodeId: number, script: Script): Buffer => {
  switch (apiKey) {
    case apis.apiVersions:
      return apiVersions()
    case apis.metadata:
      return metadata(ports, script.leader(nodeId))
    case apis.saslHandshake:
      return saslHandshake()
    case apis.sasl:
      return saslAnswer(0)
    case apis.produce:
      return produced(script.throttleMillis)
    case apis.fetch:
      return fetched()
    default:
      return listed()
  }
}

const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** Starts this many brokers for the scope; the script may be changed at any time. */
export const startBrokers = Effect.fnUntraced(function* (count: number, given: Partial<Script> = {}) {
  const script: Script = { leader: () => 0, react: () => undefined, throttleMillis: 0, ...given }
  const servers: Array<Server> = []
  const sockets = new Set<Socket>()
  const brokers: Array<ScriptedBroker> = []
  for (let nodeId = 0; nodeId < count; nodeId++) {
    const asked = new Map<number, number>()
    let ended = 0
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on("error", () => {})
      let isUsed = false
      socket.on("close", () => {
        sockets.delete(socket)
        if (isUsed) ended++
      })
      let received: Buffer = Buffer.alloc(0)
      let turn = Promise.resolve()
      const answer = async (request: Buffer) => {
        const apiKey = request.readInt16BE(0)
        asked.set(apiKey, (asked.get(apiKey) ?? 0) + 1)
        isUsed ||= apiKey !== apis.apiVersions
        const reaction = await script.react(nodeId, apiKey)
        if (reaction === "silence") await new Promise(() => {})
        if (reaction === "hang up") return socket.destroy()
        const body = Buffer.isBuffer(reaction) ? reaction : answerTo(apiKey, servers.map(portOf), nodeId, script)
        if (!socket.destroyed) socket.write(Buffer.concat([int32(4 + body.length), request.subarray(4, 8), body]))
      }
      socket.on("data", (data) => {
        received = Buffer.concat([received, data])
        while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
          const size = received.readInt32BE(0)
          const request = received.subarray(4, 4 + size)
          received = received.subarray(4 + size)
          turn = turn.then(() => answer(request)).then(() => undefined)
        }
      })
    })
    servers.push(server)
    server.listen(0, "127.0.0.1")
    yield* Effect.tryPromise(() => once(server, "listening"))
    brokers.push({ address: `127.0.0.1:${portOf(server)}`, asked, ended: () => ended })
  }
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
      for (const server of servers) server.close()
    })
  )
  return { brokers, script, addresses: brokers.map(({ address }) => address) }
})
