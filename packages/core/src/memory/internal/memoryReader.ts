/**
 * A reader of one partition of the in-memory broker, without a group.
 */
import * as Effect from "effect/Effect"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { ReadPartition } from "../../kafka/Transport.ts"
import * as MemoryBroker from "../MemoryBroker.ts"
import type { MemoryLog } from "./memoryLog.ts"
import { fetchLimit } from "./memoryMember.ts"

const lookInterval = "1 second"

export class MemoryReader {
  readonly #broker: MemoryBroker.MemoryBroker["Service"]
  readonly #eventLoop: EventLoop
  readonly #read: ReadPartition
  #log: MemoryLog
  /** The next offset wanted. */
  #position: number
  #isScheduled = false
  #isClosed = false
  #isLost = false
  #unsubscribe: () => void

  /** Begins to deliver at the start position, which is `start`. */
  constructor(
    broker: MemoryBroker.MemoryBroker["Service"],
    eventLoop: EventLoop,
    read: ReadPartition,
    log: MemoryLog,
    start: number
  ) {
    this.#broker = broker
    this.#eventLoop = eventLoop
    this.#read = read
    this.#log = log
    this.#position = start
    this.#unsubscribe = log.onGrowth(this.#schedule)
    this.#schedule()
  }

  /**
   * Looks for ever whether the partition still exists. A real reader learns from the broker's answer that it does not; this one
   * has to look.
   */
  get watch(): Effect.Effect<never> {
    return Effect.sync(() => this.#look()).pipe(Effect.delay(lookInterval), Effect.forever)
  }

  close(): void {
    this.#isClosed = true
    this.#unsubscribe()
  }

  #look(): void {
    const found = this.#broker.log(this.#read)
    if (found === undefined) {
      if (!this.#isLost) this.#read.onLost?.(MemoryBroker.notFound(this.#broker, this.#read))
      this.#isLost = true
    } else if (found !== this.#log) {
      this.#unsubscribe()
      this.#log = found
      this.#position = found.start
      this.#isLost = false
      this.#unsubscribe = found.onGrowth(this.#schedule)
      this.#schedule()
    }
  }

  readonly #schedule = (): void => {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#eventLoop.nextTurn(this.#deliver)
  }

  readonly #deliver = (): void => {
    this.#isScheduled = false
    if (this.#isClosed) return
    // As with a real broker, a position outside the log falls back to the earliest offset, never to the latest.
    if (this.#position > this.#log.end) this.#position = this.#log.start
    const records = this.#log.read(this.#position, fetchLimit)
    if (records.length === 0) return
    this.#position = records.at(-1)!.offset + 1
    this.#read.onRecords(records)
    this.#schedule()
  }
}

export const readPartition = Effect.fnUntraced(function* (
  broker: MemoryBroker.MemoryBroker["Service"],
  eventLoop: EventLoop,
  read: ReadPartition
) {
  const log = broker.log(read)
  if (log === undefined) return yield* MemoryBroker.notFound(broker, read)
  const start = read.from === "end" ? log.end : read.from === "earliest" ? log.start : read.from
  const reader = new MemoryReader(broker, eventLoop, read, log, start)
  yield* Effect.addFinalizer(() => Effect.sync(() => reader.close()))
  yield* Effect.forkScoped(reader.watch)
  return { start }
})
