/**
 * How soon writing, reading and a group membership go on after a broker was killed or frozen, against an independent
 * client that says when the cluster itself had new leaders. One script, one process; prints a line per fault.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import { Transport } from "@kafka-request-reply/core/Transport"
import { KafkaCluster } from "@kafka-request-reply/dev-kafka/KafkaCluster"
import { type ClusterMetadata, probe } from "@kafka-request-reply/dev-kafka/KafkaProbe"
import type { DevKafkaError } from "@kafka-request-reply/dev-kafka/DevKafkaError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

const topic = "failover"
const group = "failover.group"
const partitions = 6
const all = Array.from({ length: partitions }, (_, partition) => partition)
const clock = Effect.runSync(Clock.Clock)
const now = (): number => Number(clock.currentTimeNanosUnsafe()) / 1e6

/** When each partition was first seen to work after `since`, per activity. */
interface Seen {
  since: number
  readonly written: Array<number>
  readonly read: Array<number>
  readonly delivered: Array<number>
  committed: number
}
const seen: Seen = { since: 0, written: [], read: [], delivered: [], committed: 0 }
let answered = 0

const sentAt = (value: Uint8Array | null): number => Number(Buffer.from(value ?? new Uint8Array()).toString())
const note = (times: Array<number>, partition: number, sent: number): void => {
  if (seen.since > 0 && sent >= seen.since) times[partition] ??= now()
}

const work = Effect.gen(function* () {
  const { joinGroup, link, readPartition, topics } = yield* Transport
  yield* topics.create({ name: topic, partitions, replicationFactor: 3, configs: { "min.insync.replicas": "2" } })
  for (const partition of all) {
    yield* readPartition({
      topic,
      partition,
      from: "end",
      onRecords: (records) => {
        for (const { value } of records) note(seen.read, partition, sentAt(value))
      }
    })
  }
  const next = new Map<number, number>()
  const member = yield* joinGroup({
    groupId: group,
    topics: [topic],
    onAssigned: () => undefined,
    onRecords: (records) => {
      for (const { offset, partition, value } of records) {
        next.set(partition, offset + 1)
        note(seen.delivered, partition, sentAt(value))
        answered++
      }
      return records.length
    },
    onRevoking: Effect.void,
    revokeTimeoutMillis: 1_000
  })
  // What waiting costs: a reader per partition, and a member of all.
  yield* Effect.sleep("3 seconds")
  const idle = process.cpuUsage()
  yield* Effect.sleep("10 seconds")
  const { system, user } = process.cpuUsage(idle)
  console.log(`idle: ${((system + user) / 100_000).toFixed(1)} % of a core`)
  // As a publisher does: tries again, with a look at the metadata when it failed.
  const write = (partition: number) =>
    Effect.gen(function* () {
      const sent = now()
      const record = { topic, partition, key: null, value: Buffer.from(String(sent)), headers: [] }
      const batch = { topic, partition, records: [record] }
      const send = Effect.suspend(() => link.send(link.leaderOf(topic, partition), [batch], 5_000)).pipe(
        Effect.filterOrFail(
          ({ verdicts }) => verdicts[0]?._tag === "Written",
          () => "not written"
        )
      )
      yield* send.pipe(
        Effect.tapError(() => Effect.andThen(Effect.ignore(link.refresh), Effect.sleep("100 millis"))),
        Effect.retry({ times: 300 })
      )
      note(seen.written, partition, sent)
    }).pipe(Effect.ignore)
  // Many at a time, so that one that waits keeps no later one back.
  yield* Effect.forEach(all, (partition) =>
    Effect.forkScoped(Effect.forever(Effect.delay(Effect.forkScoped(write(partition)), "100 millis")))
  )
  const commit = Effect.suspend(() => {
    const sent = now()
    const offsets = Array.from(next, ([partition, offset]) => ({ topic, partition, offset, metadata: "" }))
    return member.commit(offsets).pipe(
      Effect.tap(() =>
        Effect.sync(() => {
          if (seen.since > 0 && sent >= seen.since && seen.committed === 0 && offsets.length > 0) seen.committed = now()
        })
      ),
      Effect.ignore,
      Effect.timeoutOption("20 seconds")
    )
  })
  yield* Effect.forkScoped(Effect.forever(Effect.delay(Effect.forkScoped(commit), "200 millis")))
})

const isLedBy = (metadata: ClusterMetadata, isAlive: (id: number) => boolean): boolean =>
  metadata.topics.every(
    ({ leaders, name }) => (name !== topic && name !== "__consumer_offsets") || leaders.every(isAlive)
  )

/** When one of these brokers first says that all partitions are led by brokers that live. */
const recovered = (addresses: ReadonlyArray<string>, isAlive: (id: number) => boolean) =>
  Effect.raceAll(
    addresses.map((address) =>
      probe(address, "1 second").pipe(
        Effect.map((metadata) => isLedBy(metadata, isAlive)),
        Effect.orElseSucceed(() => false),
        Effect.delay("30 millis"),
        Effect.repeat({ until: (is) => is }),
        Effect.map(now)
      )
    )
  )

const show = (times: ReadonlyArray<number>, cluster: number): string => {
  const late = all.map((partition) => ((times[partition] ?? Number.NaN) - cluster) / 1_000)
  return `${late.every(Number.isFinite) ? `+${Math.max(...late).toFixed(1)}` : "never"} s`
}

const isDone = () =>
  [seen.written, seen.read, seen.delivered].every((times) =>
    all.every((partition) => times[partition] !== undefined)
  ) && seen.committed > 0

const program = Effect.gen(function* () {
  const cluster = yield* KafkaCluster.make({ brokers: 3 })
  yield* Effect.gen(function* () {
    yield* work
    yield* Effect.sleep("5 seconds")
    if (answered === 0) return yield* Effect.die("nothing is delivered")
    const watch = Effect.fnUntraced(function* (
      what: string,
      fault: Effect.Effect<unknown, DevKafkaError>,
      dead: number
    ) {
      Object.assign(seen, { since: now(), committed: 0 })
      for (const times of [seen.written, seen.read, seen.delivered]) times.length = 0
      yield* fault
      const from = now()
      const alive = cluster.brokers.filter((_, id) => id !== dead)
      const at = yield* recovered(alive, (id) => id >= 0 && id !== dead)
      // What was sent before the cluster had recovered counts as well: it is the time of the first success that matters.
      yield* Effect.sync(isDone).pipe(
        Effect.delay("50 millis"),
        Effect.repeat({ until: (is) => is }),
        Effect.timeoutOption("1 minute")
      )
      const committed = seen.committed > 0 ? `+${((seen.committed - at) / 1_000).toFixed(1)} s` : "never"
      console.log(
        `${what}: cluster ${((at - from) / 1_000).toFixed(1)} s; written ${show(seen.written, at)}, read ${show(seen.read, at)}, delivered ${show(seen.delivered, at)}, committed ${committed}`
      )
    })
    const leader = Effect.map(probe(cluster.brokers[0]!), (metadata) => {
      const offsets = metadata.topics.find(({ name }) => name === "__consumer_offsets")!.leaders
      return offsets[Math.abs(hash(group)) % offsets.length]!
    })
    const rounds = Number(process.argv[2] ?? 2)
    for (let round = 0; round < rounds; round++) {
      // Leader of two partitions and coordinator of the group.
      const victim = yield* leader
      yield* watch(`broker ${victim} killed`, cluster.broker(victim).kill, victim)
      yield* cluster.broker(victim).start
      yield* Effect.sleep("8 seconds")
      const frozen = yield* leader
      yield* watch(`broker ${frozen} frozen`, cluster.broker(frozen).pause, frozen)
      yield* cluster.broker(frozen).resume
      yield* Effect.sleep("8 seconds")
    }
    yield* watch(
      "all killed and started",
      Effect.andThen(
        Effect.forEach([0, 1, 2], (id) => cluster.broker(id).kill),
        Effect.andThen(
          Effect.sleep("3 seconds"),
          Effect.forEach([0, 1, 2], (id) => cluster.broker(id).start, { concurrency: "unbounded" })
        )
      ),
      -1
    )
  }).pipe(Effect.scoped, Effect.provide(KafkajsTransport.layer({ brokers: cluster.brokers, clientId: "failover" })))
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** Java's hash of a text, by which a group finds its coordinator. */
function hash(text: string): number {
  let value = 0
  for (let i = 0; i < text.length; i++) value = (31 * value + text.charCodeAt(i)) | 0
  return value
}

await Effect.runPromise(program)
process.exit()
