/**
 * One reply partition that is read, and what is known of it.
 */
import type * as Scope from "effect/Scope"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"

export class ReplyReader {
  readonly address: ReplyAddress
  readonly scope: Scope.Closeable
  /** Why its leader does not answer; undefined when it does. */
  silentBecause: TransportError | undefined
  /** Why it reads nothing any more: its topic or partition is gone. */
  lostBecause: TransportError | undefined
  /** Its start is fixed: what is written from now on is read. */
  isReading = false

  constructor(address: ReplyAddress, scope: Scope.Closeable) {
    this.address = address
    this.scope = scope
  }

  /** Replies that are written now are heard. */
  get isHeard(): boolean {
    return this.isReading && this.silentBecause === undefined && this.lostBecause === undefined
  }

  /** Whether every call that names it has ended; set when new calls name another one. */
  isDone = (): boolean => false
}
