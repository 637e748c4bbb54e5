/**
 * Real brokers through everything that fault tests do to them.
 */
import { createRequire } from "node:module"
import { type AddressInfo, createServer } from "node:net"
import { fileURLToPath } from "node:url"
import { assert, describe, it, layer } from "@effect/vitest"
import { PortTaken } from "../src/DevKafkaError.ts"
import { KafkaCluster } from "../src/KafkaCluster.ts"
import { probe } from "../src/KafkaProbe.ts"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"
import * as TestClock from "effect/testing/TestClock"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs"

interface RequestQueue {
  readonly pending: ReadonlyArray<unknown>
  scheduleCheckPendingRequests(): void
}
const { prototype } = createRequire(import.meta.url)("kafkajs/src/network/requestQueue") as { prototype: RequestQueue }
const schedule = prototype.scheduleCheckPendingRequests
// kafkajs sets a timer in the past when nothing waits, of which Node warns.
prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) schedule.call(this)
}

const kafka = (brokers: ReadonlyArray<string>) =>
  new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, retry: { retries: 5 } })

const withAdmin = <A>(brokers: ReadonlyArray<string>, use: (admin: Admin) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.tryPromise(async () => {
      const admin = kafka(brokers).admin()
      await admin.connect()
      return admin
    }),
    (admin) => Effect.tryPromise(() => use(admin)),
    (admin) => Effect.tryPromise(() => admin.disconnect()).pipe(Effect.ignore)
  )

const withProducer = <A>(brokers: ReadonlyArray<string>, use: (producer: Producer) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.tryPromise(async () => {
      const producer = kafka(brokers).producer()
      await producer.connect()
      return producer
    }),
    (producer) => Effect.tryPromise(() => use(producer)),
    (producer) => Effect.tryPromise(() => producer.disconnect()).pipe(Effect.ignore)
  )

const highWatermark = (brokers: ReadonlyArray<string>) =>
  withAdmin(brokers, (admin) => admin.fetchTopicOffsets("orders")).pipe(Effect.map(([offsets]) => offsets?.high))

layer(KafkaCluster.layerTest, { timeout: "3 minutes" })("one broker", (it) => {
  it.effect("answers when the layer is built", () =>
    Effect.gen(function* () {
      const cluster = yield* KafkaCluster
      const metadata = yield* cluster.broker(0).probe
      assert.deepStrictEqual(
        metadata.brokers.map(({ host, nodeId, port }) => ({ nodeId, address: `${host}:${port}` })),
        [{ nodeId: 0, address: cluster.brokers[0] }]
      )
      assert.throws(() => cluster.broker(1), RangeError)
    })
  )

  it.effect(
    "keeps its data when it is killed and started again",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        yield* withAdmin(brokers, (admin) =>
          admin.createTopics({ topics: [{ topic: "orders", numPartitions: 1 }], waitForLeaders: true })
        )
        yield* withProducer(brokers, (producer) =>
          producer.send({ topic: "orders", acks: -1, messages: [{ value: "a" }, { value: "b" }] })
        )
        yield* broker(0).kill
        assert.strictEqual((yield* Effect.flip(broker(0).probe)).kind, "refused")
        assert.strictEqual((yield* Effect.flip(broker(0).pause)).reason._tag, "NotRunning")
        yield* broker(0).start
        assert.strictEqual(yield* highWatermark(brokers), "2")
        yield* broker(0).stop
        yield* broker(0).start
        assert.strictEqual(yield* highWatermark(brokers), "2")
      }),
    60_000
  )

  it.effect(
    "does not answer while paused, and answers again when resumed",
    () =>
      Effect.gen(function* () {
        const { broker } = yield* KafkaCluster
        yield* broker(0).pause
        assert.strictEqual((yield* Effect.flip(broker(0).probe)).kind, "silent")
        yield* broker(0).resume
        assert.strictEqual((yield* broker(0).probe).brokers.length, 1)
        yield* broker(0).pause
        yield* broker(0).stop
        yield* broker(0).start
        yield* broker(0).start
        assert.strictEqual((yield* broker(0).probe).brokers.length, 1)
      }),
    60_000
  )
})

/** Waits in real time until a check of the outside world holds; the test's time limit ends it. */
const until = <E>(check: Effect.Effect<boolean, E>) =>
  TestClock.withLive(
    Effect.repeat(
      Effect.orElseSucceed(check, () => false),
      { schedule: Schedule.spaced("100 millis"), until: (holds) => holds }
    )
  )

layer(KafkaCluster.layer({ brokers: 3 }), { timeout: "3 minutes" })("three brokers", (it) => {
  it.effect(
    "move the leader of a partition when its broker is killed, and take it back",
    () =>
      Effect.gen(function* () {
        const { broker, brokers } = yield* KafkaCluster
        yield* withAdmin(brokers, (admin) =>
          admin.createTopics({
            topics: [{ topic: "moves", numPartitions: 1, replicationFactor: 3 }],
            waitForLeaders: true
          })
        )
        const leaderBy = (id: number) =>
          Effect.map(broker(id).probe, ({ topics }) => topics.find(({ name }) => name === "moves")?.leaders[0] ?? -1)
        const first = yield* leaderBy(0)
        const other = (first + 1) % 3
        yield* broker(first).kill
        yield* until(Effect.map(leaderBy(other), (leader) => leader >= 0 && leader !== first))
        yield* broker(first).start
        yield* until(Effect.map(broker(other).probe, (metadata) => metadata.brokers.length === 3))
      }),
    120_000
  )
})

/** Starts a cluster and waits to be killed. */
const owner = `
  const { KafkaCluster } = await import(process.argv[1])
  const Effect = await import("effect/Effect")
  const NodeServices = await import("@effect/platform-node/NodeServices")
  Effect.runFork(Effect.scoped(Effect.gen(function*() {
    const cluster = yield* KafkaCluster.make({ brokers: 1 })
    console.log(cluster.brokers[0])
    yield* Effect.never
  })).pipe(Effect.provide(NodeServices.layer)))
  setInterval(() => {}, 1000)
`

describe("a cluster whose program is killed", () => {
  it.effect(
    "ends with it and leaves no folder",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const temporary = yield* fs.makeTempDirectoryScoped({ prefix: "owner-" })
        const module = new URL("../src/KafkaCluster.ts", import.meta.url).href
        const program = yield* ChildProcess.make(
          process.execPath,
          ["--conditions=source", "--input-type=module", "-e", owner, module],
          {
            cwd: fileURLToPath(new URL("..", import.meta.url)),
            env: { TMPDIR: temporary },
            extendEnv: true,
            stdin: "ignore"
          }
        )
        const [address] = yield* program.stdout.pipe(
          Stream.decodeText(),
          Stream.splitLines,
          Stream.take(1),
          Stream.runCollect
        )
        assert.strictEqual((yield* probe(address!)).brokers.length, 1)
        assert.strictEqual((yield* fs.readDirectory(temporary)).length, 1)
        yield* program.kill({ killSignal: "SIGKILL" })
        yield* until(Effect.map(Effect.flip(probe(address!)), (failure) => failure.kind === "refused"))
        yield* until(Effect.map(fs.readDirectory(temporary), (left) => left.length === 0))
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})

describe("KafkaCluster", () => {
  it.effect(
    "says which chosen port is taken",
    () =>
      Effect.gen(function* () {
        const server = yield* Effect.acquireRelease(
          Effect.sync(() => createServer().listen(0, "127.0.0.1")),
          (listening) => Effect.sync(() => listening.close())
        )
        yield* Effect.callback<void>((resume) => void server.once("listening", () => resume(Effect.void)))
        const { port } = server.address() as AddressInfo
        const error = yield* Effect.flip(KafkaCluster.make({ brokers: 1, ports: [port] }))
        assert.deepStrictEqual(error.reason, new PortTaken({ ports: [port] }))
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )

  it.effect(
    "says in a few lines why a broker does not start",
    () =>
      Effect.gen(function* () {
        const settings = { "num.network.threads": "none" }
        const error = yield* Effect.flip(KafkaCluster.make({ brokers: 1, settings }))
        assert.strictEqual(error.reason._tag, "BrokerExited")
        assert.include(error.message, "num.network.threads")
        assert.isAtMost(error.message.split("\n").length, 13)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000
  )
})
