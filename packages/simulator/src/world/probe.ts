/**
 * The call that each requester makes when all faults are over: it must succeed.
 */
import type { PlannedCall } from "../plan/Plan.ts"
import { plainCall } from "../plan/plainPlan.ts"

/** With a key that calls had too: no key stays blocked. */
export const probeOf = (requester: number): PlannedCall =>
  plainCall(`probe${requester}`, 0, { requester, key: `k${requester + 1}` })
