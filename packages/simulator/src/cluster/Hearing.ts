/**
 * Whether a host hears the leader of a partition that it reads: a refused connection ends it at once, silence after a
 * second, and the first answer begins it again.
 */
import type { TopicPartition } from "@kafka-request-reply/core/Transport"
import { because, NoAnswer, type TransportError, Unreachable } from "@kafka-request-reply/core/TransportError"
import type { Cluster } from "./Cluster.ts"
import type { Process } from "./Process.ts"

/** How long a leader may be silent. */
const patienceMillis = 1_000

export interface HearingOptions extends TopicPartition {
  readonly cluster: Cluster
  readonly process: Process
  /** Told at each change: why the leader does not answer, or undefined when it does again. */
  readonly onHearing: (silentBecause: TransportError | undefined) => void
}

export class Hearing {
  readonly #options: HearingOptions
  readonly #stopNodes: () => void
  #stopTimer: () => void = () => {}
  #isHeard = true
  #isClosed = false

  constructor(options: HearingOptions) {
    this.#options = options
    this.#stopNodes = options.cluster.onNodes(() => this.#look())
  }

  close(): void {
    this.#isClosed = true
    this.#stopTimer()
    this.#stopNodes()
  }

  #look(): void {
    if (this.#isClosed) return
    const { cluster, process } = this.#options
    const leader = cluster.leaderOf(this.#options)
    const wait = cluster.fetchDelay(leader)
    // Only where something happens: the latencies of a peaceful history stay what they are without this.
    if (wait === 0)
      return this.#isHeard ? undefined : this.#later(process.random.between(1, 4), () => this.#tell(undefined))
    if (!this.#isHeard) return this.#later(wait, () => this.#look())
    if (cluster.isCut(leader)) {
      const refused = because(new Unreachable({ brokers: [String(leader)], detail: "connection refused" }))
      return this.#later(process.random.between(1, 4), () => this.#tell(refused))
    }
    if (wait <= patienceMillis) return
    const silence = because(new NoAnswer({ detail: `broker ${leader} is silent` }))
    this.#later(patienceMillis, () => this.#tell(silence))
  }

  #later(millis: number, task: () => void): void {
    this.#stopTimer()
    this.#stopTimer = this.#options.cluster.options.timers.after(millis, task)
  }

  #tell(silentBecause: TransportError | undefined): void {
    const { cluster, onHearing, partition, process } = this.#options
    process.run(() => {
      const isHeard = silentBecause === undefined
      if (this.#isClosed || isHeard === this.#isHeard) return
      // The leader may have moved, or come back, while the word was on its way.
      if (isHeard !== (cluster.fetchDelay(cluster.leaderOf(this.#options)) === 0)) return this.#look()
      this.#isHeard = isHeard
      cluster.options.onEvent(process.name, { type: "hearing", partition, isHeard })
      onHearing(silentBecause)
      this.#look()
    })
  }
}
