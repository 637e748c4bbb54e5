/**
 * The publisher against a broker that loses, delays, refuses and half-answers at random: whatever happens, everyone is
 * told once, what is said about a record is true, and the log has each key in order.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/testing/TestClock"
import * as Verdict from "../../src/kafka/Verdict.ts"
import * as Publisher from "../../src/publisher/Publisher.ts"
import { because, TooLarge, type TransportError, Unacknowledged, Unavailable } from "../../src/kafka/TransportError.ts"
import * as Arbitraries from "../wire/arbitraries.ts"
import { lost, moved, refusedConnection, tooFewReplicas } from "./TestPublisher.ts"
import { fail, Item, ScriptedLink, type Sent, topic, turns } from "./ScriptedLink.ts"

const limits = { maxBatchRecords: 5, maxBatchesInFlight: 4 }

/** A record: its key (none for 0), and whether the broker refuses it. Keyed records go to their key's partition. */
const spec = Arbitrary.all([Arbitraries.int(0, 5), Arbitraries.int(0, 3), Arbitraries.int(0, 11)] as const)

/** One step: offer so many records, answer a batch in one way, move the clock, or move a leader. */
const step = Arbitrary.all([
  Arbitraries.elementOf(["offer", "offer", "answer", "answer", "answer", "wait", "move"] as const),
  Arbitraries.int(0, 7),
  Arbitraries.elementOf([
    "written",
    "written",
    "lost",
    "written-lost",
    "half",
    "few",
    "deposed",
    "written-deposed",
    "unreached",
    "throttling"
  ] as const)
] as const)

type Items = ReadonlyArray<Item>
type Manner =
  | "written"
  | "lost"
  | "written-lost"
  | "half"
  | "few"
  | "deposed"
  | "written-deposed"
  | "unreached"
  | "throttling"

const passedOver = (partition: number) => Verdict.unknown(because(new Unacknowledged({ topic, partition })))

class Broker {
  readonly link = new ScriptedLink()
  readonly log: Array<Item> = []
  readonly poison: ReadonlySet<Item>
  /** Thrown inside the link they would only be one more failure to the publisher. */
  readonly offences: Array<string> = []
  /** How often leaders moved, and how much of it the publisher's metadata knows. */
  moved = 0
  #known = 0

  constructor(poison: ReadonlySet<Item>) {
    this.poison = poison
    this.link.leaders = (partition) => (partition + this.#known) % 2
    this.link.onRefresh = () => (this.#known = this.moved)
    this.link.onSend = (sent) => this.#check(sent)
  }

  #check(sent: Sent): void {
    const { batch, leader } = sent
    const others = [...this.link.open].filter((other) => other !== sent)
    const beside = others.filter((other) => other.leader === leader)
    const keys = new Set(others.flatMap((other) => other.batch.flatMap(({ key }) => key?.toString() ?? [])))
    const rules: Readonly<Record<string, boolean>> = {
      "within the size of a batch": batch.length >= 1 && batch.length <= limits.maxBatchRecords,
      "for its leader": batch.every(({ partition }) => this.link.leaderOf(topic, partition) === leader),
      "each partition once": new Set(sent.batches.map(({ partition }) => partition)).size === sent.batches.length,
      "few in flight": beside.length < limits.maxBatchesInFlight,
      "no key in two batches": batch.every(({ key }) => key === null || !keys.has(key.toString()))
    }
    for (const [rule, isKept] of Object.entries(rules)) if (!isKept) this.offences.push(rule)
  }

  /** What is said of a record while it is under way is true, too. */
  isTruthful(items: Items): void {
    const written = new Set(this.log)
    for (const item of items) {
      if (item.delivery === "not-sent" && written.has(item)) this.offences.push("not sent is not written")
      if (item.delivery === "acknowledged" && !written.has(item)) this.offences.push("acknowledged is written")
    }
  }

  #refusalOf(sent: Sent, partition: number, records: ReadonlyArray<Item>): TransportError | undefined {
    if ((partition + this.moved) % 2 !== sent.leader) {
      return because(new Unavailable({ code: "NOT_LEADER_OR_FOLLOWER", detail: "" }))
    }
    return records.some((record) => this.poison.has(record)) ? because(new TooLarge({ topic, detail: "" })) : undefined
  }

  /** Writes what it wants to write, a partition at a time, and answers. A batch with a refused record is not written. */
  answer(sent: Sent, manner: Manner): void {
    if (sent.batch.some(({ outcomes }) => outcomes.length > 0)) this.offences.push("nothing after its outcome")
    if (manner === "unreached") return fail(sent, refusedConnection)
    const verdicts = sent.batches.map(({ partition, records }) =>
      this.#write(sent, partition, records as Items, manner)
    )
    if (manner === "lost" || manner === "written-lost") return fail(sent, lost)
    sent.answer(Exit.succeed({ verdicts, throttleMillis: manner === "throttling" ? 300 : 0 }))
  }

  #write(sent: Sent, partition: number, records: Items, manner: Manner): Verdict.Verdict {
    const isOdd = partition % 2 === 1
    const error = this.#refusalOf(sent, partition, records)
    if (manner === "lost" || (manner === "half" && isOdd)) return passedOver(partition)
    if (manner === "few" && isOdd) return tooFewReplicas
    if (error !== undefined) return Verdict.ofRefusal(error)
    // A leader that is deposed while its followers have not confirmed: the next one may have the records, or not.
    if (manner === "deposed" && isOdd) return moved
    this.log.push(...records)
    return manner === "written-deposed" && isOdd ? moved : Verdict.written
  }
}

/** The log without repeats: what was written again after an answer was lost comes as a whole and in order, too. */
const isInOrder = (log: ReadonlyArray<Item>): void => {
  const newest = new Map<string, number>()
  for (const { index, key } of new Set(log)) {
    if (key === null) continue
    assert.isAtLeast(index, newest.get(key.toString()) ?? 0, `key ${key.toString()} out of order`)
    newest.set(key.toString(), index)
  }
}

describe("Publisher, over a broker that fails at random", () => {
  it.effect.prop(
    "tells everyone once and the truth, and keeps the order of keys",
    [Arbitrary.array(spec, { maxLength: 60 }), Arbitrary.array(step, { maxLength: 80 })],
    ([specs, steps]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const items = specs.map(
            ([key, partition], index) =>
              new Item(index, key === 0 ? { partition } : { key: Buffer.from(`k${key}`), partition: key % 4 })
          )
          const poison = new Set(items.filter((_, index) => specs[index]![2] === 0))
          const broker = new Broker(poison)
          const publisher = yield* Publisher.make(broker.link, limits)
          const waiting = items.slice()

          for (const [action, amount, manner] of steps) {
            if (action === "offer") for (const item of waiting.splice(0, amount)) publisher.offer(item)
            const open = [...broker.link.open]
            if (action === "answer" && open.length > 0) broker.answer(open[amount % open.length]!, manner)
            if (action === "move") broker.moved++
            yield* action === "wait" ? TestClock.adjust(amount * 40) : turns
            broker.isTruthful(items)
          }

          for (const item of waiting) publisher.offer(item)
          for (let round = 0; round < 400 && items.some(({ outcomes }) => outcomes.length === 0); round++) {
            broker.isTruthful(items)
            for (const sent of broker.link.open) broker.answer(sent, "written")
            yield* turns
            yield* TestClock.adjust("100 millis")
          }

          assert.deepStrictEqual(broker.offences, [])
          isInOrder(broker.log)
          // By the last time each was written; a record that is settled is never written again.
          isInOrder([...new Set(broker.log.toReversed())].toReversed())
          const written = new Set(broker.log)
          for (const item of items) {
            assert.deepStrictEqual(item.told, [poison.has(item) ? "TooLarge" : "acknowledged"], `record ${item.index}`)
            if (item.delivery === "acknowledged") assert.isTrue(written.has(item))
            if (item.delivery === "not-sent") assert.isFalse(written.has(item))
          }
        })
      ),
    { arbitrary: { runs: 300 }, timeout: 60_000 }
  )
})
