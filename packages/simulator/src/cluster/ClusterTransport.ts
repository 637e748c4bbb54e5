/**
 * The transport of one program over the simulated cluster.
 */
import type { OutgoingRecord } from "@kafka-request-reply/core/Transport"
import { missing } from "@kafka-request-reply/core/MemoryBroker"
import type { ProducerLink } from "@kafka-request-reply/core/simulator/kafka/ProducerLink"
import { type ReadPartition, Transport } from "@kafka-request-reply/core/Transport"
import { because, NoAnswer, NoSuchTopic, TransportError } from "@kafka-request-reply/core/TransportError"
import * as Effect from "effect/Effect"
import type { Cluster, Produced } from "./Cluster.ts"
import { Fetcher } from "./Fetcher.ts"
import { joinGroup } from "./groupMember.ts"
import type { Process } from "./Process.ts"

/** Something the cluster is asked, answered after the way there and back, if the program still lives. */
const ask = <A, E = never>(cluster: Cluster, process: Process, question: () => Effect.Effect<A, E>) =>
  Effect.callback<A, E>((resume) => {
    const { timers } = cluster.options
    timers.after(process.random.between(1, 3), () => {
      const answer = question()
      timers.after(process.random.between(1, 3), () => process.run(() => resume(answer)))
    })
  })

const makeLink = (cluster: Cluster, process: Process): ProducerLink => {
  const leaders = new Map<string, ReadonlyArray<number>>()
  const { broker, onEvent, timers } = cluster.options

  const report = (batch: ReadonlyArray<OutgoingRecord>, produced: Produced): void => {
    for (const record of batch) {
      const { label } = cluster.labels.describe(record)
      if (produced instanceof TransportError) {
        onEvent(process.name, { type: "refused", label, detail: produced.reason._tag })
        continue
      }
      const ack = produced.find(({ partition, topic }) => topic === record.topic && partition === record.partition)
      const error = ack === undefined ? "unmentioned" : ack.error?.reason._tag
      if (error === undefined) onEvent(process.name, { type: "acknowledged", label, detail: "" })
      else onEvent(process.name, { type: "refused", label, detail: error })
    }
  }

  return {
    partitions: (topic) =>
      ask(cluster, process, () => {
        const found = broker.describe(topic)
        return found === undefined ? Effect.fail(because(new NoSuchTopic({ topic }))) : Effect.succeed(found.partitions)
      }),
    leaderOf: (topic, partition) => {
      const known = leaders.get(topic)
      if (known === undefined) leaders.set(topic, [])
      return known?.[partition] ?? -1
    },
    refresh: ask(cluster, process, () =>
      Effect.sync(() => {
        for (const topic of leaders.keys()) {
          const count = broker.describe(topic)?.partitions ?? 0
          leaders.set(
            topic,
            Array.from({ length: count }, (_, partition) => cluster.leaderOf({ topic, partition }))
          )
        }
      })
    ),
    send: (batch, timeoutMillis) =>
      Effect.callback((resume) => {
        const first = batch[0]!
        const leader = Math.max(0, leaders.get(first.topic)?.[first.partition] ?? 0)
        let isOver = false
        const respond = (produced: Produced): void =>
          process.run(() => {
            if (isOver) return
            isOver = true
            stopTimer()
            report(batch, produced)
            resume(produced instanceof TransportError ? Effect.fail(produced) : Effect.succeed(produced))
          })
        const stopTimer = timers.after(timeoutMillis, () =>
          respond(because(new NoAnswer({ detail: `no answer within ${timeoutMillis} ms` })))
        )
        cluster.produce(process.name, leader, batch, respond)
        return Effect.sync(() => {
          isOver = true
          stopTimer()
        })
      })
  }
}

/** The transport of a program, until the scope closes. */
export const make = (
  cluster: Cluster,
  process: Process,
  decorate: (link: ProducerLink) => ProducerLink = (link) => link
): Transport["Service"] => {
  const { broker } = cluster.options
  const link = decorate(makeLink(cluster, process))

  const readPartition = Effect.fnUntraced(function* (read: ReadPartition) {
    const { onRecords, partition, topic } = read
    const start = yield* ask(cluster, process, () => {
      const log = broker.log(read)
      if (log === undefined) return Effect.fail(missing(broker, read))
      return Effect.succeed(read.from === "end" ? log.end : read.from === "earliest" ? log.start : read.from)
    })
    yield* Effect.acquireRelease(
      Effect.sync(
        () =>
          new Fetcher({
            cluster,
            process,
            topic,
            partition,
            from: start,
            onRecords: (records) => {
              for (const record of records) {
                const { label, outcome } = cluster.labels.describe(record)
                cluster.options.onEvent(process.name, { type: "heard", label, outcome: outcome ?? "" })
              }
              onRecords(records)
              return records.length
            },
            onLost: (error) => read.onLost?.(error)
          })
      ),
      (fetcher) => Effect.sync(() => fetcher.close())
    )
    return { start }
  })

  let members = 0
  return Transport.of({
    link,
    topics: {
      describe: (names) =>
        ask(cluster, process, () => Effect.sync(() => names.flatMap((name) => broker.describe(name) ?? []))),
      create: (spec) => ask(cluster, process, () => Effect.sync(() => cluster.createTopic(spec))),
      configs: (topic, names) =>
        ask(cluster, process, () =>
          Effect.sync(() => {
            const configs = broker.configs(topic)
            return Object.fromEntries(names.flatMap((name) => (name in configs ? [[name, configs[name]!]] : [])))
          })
        )
    },
    readPartition,
    joinGroup: (join) => joinGroup(cluster, process, `${process.name}-${++members}`, join),
    groupSize: (groupId) => ask(cluster, process, () => Effect.sync(() => cluster.group(groupId).size))
  })
}
