/**
 * The transport of one program over the simulated cluster.
 */
import { notFound } from "@kafka-request-reply/core/MemoryBroker"
import type { PartitionBatch, ProducerLink } from "@kafka-request-reply/core/simulator/kafka/ProducerLink"
import * as Verdict from "@kafka-request-reply/core/simulator/kafka/Verdict"
import { type ReadPartition, Transport } from "@kafka-request-reply/core/Transport"
import { because, NoAnswer, NoSuchTopic } from "@kafka-request-reply/core/TransportError"
import * as Effect from "effect/Effect"
import type { Answer, Cluster } from "./Cluster.ts"
import { Fetcher } from "./Fetcher.ts"
import { Hearing } from "./Hearing.ts"
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

  const report = (batches: ReadonlyArray<PartitionBatch>, answer: Answer): void => {
    for (const [index, { records }] of batches.entries()) {
      const verdict = "verdicts" in answer ? answer.verdicts[index]! : answer
      for (const record of records) {
        const { label } = cluster.labels.describe(record)
        if (verdict._tag === "Written") onEvent(process.name, { type: "acknowledged", label, detail: "" })
        else onEvent(process.name, { type: "refused", label, detail: verdict.error.reason._tag })
      }
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
    send: (leader, batches, timeoutMillis) =>
      Effect.callback((resume) => {
        let isOver = false
        const respond = (answer: Answer): void =>
          process.run(() => {
            if (isOver) return
            isOver = true
            stopTimer()
            report(batches, answer)
            resume("verdicts" in answer ? Effect.succeed(answer) : Effect.fail(answer))
          })
        const stopTimer = timers.after(timeoutMillis, () =>
          respond(Verdict.unknown(because(new NoAnswer({ detail: `no answer within ${timeoutMillis} ms` }))))
        )
        cluster.produce(process.name, leader, batches, respond)
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

  // Asks the leader until it answers.
  const answering = (read: ReadPartition): Effect.Effect<void> =>
    Effect.suspend(() => {
      const wait = cluster.fetchDelay(cluster.leaderOf(read))
      return wait === 0 ? Effect.void : Effect.andThen(Effect.sleep(wait), answering(read))
    })

  const readPartition = Effect.fnUntraced(function* (read: ReadPartition) {
    const { onHearing, onRecords, partition, topic } = read
    yield* answering(read)
    const start = yield* ask(cluster, process, () => {
      const log = broker.log(read)
      if (log === undefined) return Effect.fail(notFound(broker, read))
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
    if (onHearing !== undefined) {
      yield* Effect.acquireRelease(
        Effect.sync(() => new Hearing({ cluster, process, topic, partition, onHearing })),
        (hearing) => Effect.sync(() => hearing.close())
      )
    }
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
