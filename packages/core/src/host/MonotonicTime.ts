/**
 * Milliseconds on the monotonic clock: what deadlines are kept in; wall time is for the wire only.
 */
import type * as Clock from "effect/Clock"

/** Now, in milliseconds with fractions, from an arbitrary origin; only differences mean something. */
export const monotonicMillis = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
