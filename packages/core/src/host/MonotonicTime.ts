/**
 * Milliseconds on the monotonic clock. Deadlines inside a process use it; wall time is used on the wire only.
 */
import type * as Clock from "effect/Clock"

/** Now, in milliseconds with fractions, from an arbitrary origin; only differences mean something. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
