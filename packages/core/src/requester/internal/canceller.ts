/**
 * Tells a contract's responders that nobody waits for a call any more (best effort, the deadline is the
 * bound). A cancel goes to every partition of the control topic, since nobody knows which responder has the request.
 *
 * A program that is interrupted interrupts its calls and closes its requester at once: closing therefore waits a moment
 * until the cancels are written.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { OutgoingRecord } from "../../kafka/KafkaRecord.ts"
import { Publication } from "../../publisher/Publication.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { TopicSize } from "./topicSize.ts"

/** The call that nobody waits for any more. */
export interface Cancellation {
  readonly operation: string
  readonly correlationId: Uint8Array
  /** Until when it is worth writing, monotonic milliseconds. */
  readonly deadline: number
}

export interface Canceller {
  readonly cancel: (call: Cancellation) => void
}

export interface CancellerOptions {
  /** Of the control topic. */
  readonly size: TopicSize
  /**
   * Until when closing waits for what is not written yet, on the monotonic clock; asked when it comes to that. One time
   * for all cancellers that close together, since they close one after the other.
   */
  readonly closesAt: () => number
}

// Interrupted calls have no place in `maxInFlight` any more: while the control topic is out of reach, their cancels are
// bounded here.
const maxUnwritten = 10_000

// A cancel that could not be written is not worth a word: the responder drops the work at its deadline.
class Cancel extends Publication {
  readonly #settled: () => void

  constructor(record: OutgoingRecord, deadline: number, settled: () => void) {
    super(record, deadline)
    this.#settled = settled
  }

  override onAcknowledged(): void {
    this.#settled()
  }

  override onRefused(): void {
    this.#settled()
  }
}

export const make = Effect.fnUntraced(function* (
  { closesAt, size }: CancellerOptions,
  publisher: Publisher,
  recorder: CallRecorder
): Effect.fn.Return<Canceller, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  let unwritten = 0
  let closing: Deferred.Deferred<void> | undefined

  const settled = (): void => {
    unwritten--
    if (unwritten === 0 && closing !== undefined) Deferred.doneUnsafe(closing, Exit.void)
  }

  yield* Effect.addFinalizer(() => {
    if (unwritten === 0) return Effect.void
    closing = Deferred.makeUnsafe<void>()
    const left = Math.max(0, closesAt() - monotonicMillis(clock))
    return Deferred.await(closing).pipe(Effect.timeoutOption(left))
  })

  return {
    cancel: (call) => {
      const { topic } = size
      const partitions = size.partitions()
      if (unwritten + partitions > maxUnwritten) return
      recorder.cancelled()
      const headers = RequestEnvelope.encodeCancel(call.correlationId, call.operation)
      for (let partition = 0; partition < partitions; partition++) {
        unwritten++
        publisher.offer(new Cancel({ topic, partition, key: null, value: null, headers }, call.deadline, settled))
      }
    }
  }
})
