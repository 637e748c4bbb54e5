/** Laws that need faults: over memory with faults on order, in virtual time. */
import type * as Effect from "effect/Effect"
import type { Faults } from "../../../../src/testing/FaultyTransport.ts"
import type { MemoryBroker } from "../../../../src/memory/MemoryBroker.ts"
import type { Environment } from "../Harness.ts"

export type FaultLaw = (name: string, body: Effect.Effect<void, unknown, Environment | Faults | MemoryBroker>) => void
