/**
 * A program on its host, as the world sees it.
 */
import type { Requester } from "@kafka-request-reply/core/Requester"
import type { Host } from "../kernel/Host.ts"
import type { SimulatedRpcs } from "./Contract.ts"
import type { Role } from "../plan/Plan.ts"
import type { Client } from "./handlers.ts"

export interface Program {
  readonly role: Role
  readonly index: number
  readonly host: Host
  /** Tells it to close, as a signal does. */
  stop: () => void
  isStopping: boolean
  isClosed: boolean
  isReady: boolean
  /** Of requesters, once they are ready. */
  requester: Requester<SimulatedRpcs> | undefined
  client: Client | undefined
}
