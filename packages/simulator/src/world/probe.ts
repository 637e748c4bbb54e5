/**
 * The call that each requester makes when all faults are over: it must succeed.
 */
import type { PlannedCall } from "../plan/Plan.ts"

const probe: PlannedCall = {
  name: "probe",
  requester: 0,
  at: 0,
  operation: "Do",
  key: undefined,
  isScattered: false,
  value: 0,
  timeoutMillis: 3_000,
  millis: 0,
  behaviour: "ok",
  interruptAfter: undefined,
  isDiscard: false,
  isImpatient: false,
  isThrowing: false,
  isOversize: false
}

/** With a key that calls had too: no key stays blocked. */
export const probeOf = (requester: number): PlannedCall => ({
  ...probe,
  name: `probe${requester}`,
  requester,
  key: `k${requester + 1}`
})
