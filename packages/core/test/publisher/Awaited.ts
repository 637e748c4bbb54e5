/**
 * A publication whose outcome is waited for by an effect.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { monotonicMillis } from "../../src/host/MonotonicTime.ts"
import type { OutgoingRecord } from "../../src/kafka/KafkaRecord.ts"
import { because, NoAnswer, type TransportError } from "../../src/kafka/TransportError.ts"
import { Publication } from "../../src/publisher/Publication.ts"
import type { Publisher } from "../../src/publisher/Publisher.ts"

export class Awaited extends Publication {
  readonly outcome = Deferred.makeUnsafe<void, TransportError>()

  override onAcknowledged(): void {
    Deferred.doneUnsafe(this.outcome, Exit.void)
  }

  override onRefused(error: TransportError): void {
    Deferred.doneUnsafe(this.outcome, Exit.fail(error))
  }
}

/** Publishes one record and waits for the acknowledgement. Fails when it was refused or the time is up. */
export const publishing =
  (publisher: Publisher) =>
  (record: OutgoingRecord, timeoutMillis = 5_000): Effect.Effect<void, TransportError> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const publication = new Awaited(record, monotonicMillis(clock) + timeoutMillis)
      publisher.offer(publication)
      return Deferred.await(publication.outcome).pipe(
        Effect.onInterrupt(() => Effect.sync(() => (publication.abandoned = true))),
        Effect.timeoutOrElse({
          duration: timeoutMillis,
          orElse: () => Effect.fail(publication.lastError ?? because(new NoAnswer({ detail: "the time is up" })))
        })
      )
    })
