/**
 * The only cleverness of the floor: what is sent in one turn of the event loop travels together, at most so many records
 * and batches at a time. No retries, no limits, no order.
 */

const maxRecords = 512
const maxInFlight = 4

export class Batcher<R> {
  readonly #send: (batch: ReadonlyArray<R>) => Promise<unknown>
  #queue: Array<R> = []
  #inFlight = 0
  #isScheduled = false

  constructor(send: (batch: ReadonlyArray<R>) => Promise<unknown>) {
    this.#send = send
  }

  offer(record: R): void {
    this.#queue.push(record)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= maxInFlight || this.#queue.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    const batch = this.#queue.splice(0, maxRecords)
    if (batch.length === 0) return
    this.#inFlight++
    void this.#send(batch).then(() => {
      this.#inFlight--
      this.#schedule()
    }, abort)
    this.#schedule()
  }
}

// The floor has no answer to a failure: the measurement is over.
const abort = (cause: unknown): never => {
  console.error("the floor cannot write", cause)
  return process.exit(1)
}
