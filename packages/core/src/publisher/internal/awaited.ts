/**
 * A publication whose outcome is waited for by an effect.
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import { Publication } from "../Publication.ts"
import type { TransportError } from "../../kafka/TransportError.ts"

export class Awaited extends Publication {
  readonly outcome = Deferred.makeUnsafe<void, TransportError>()

  override onAcknowledged(): void {
    Deferred.doneUnsafe(this.outcome, Exit.void)
  }

  override onRefused(error: TransportError): void {
    Deferred.doneUnsafe(this.outcome, Exit.fail(error))
  }
}
