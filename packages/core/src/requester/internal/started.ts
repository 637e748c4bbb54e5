/**
 * A requester from what a program says of it: its options checked, its start bounded in time.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AnyGroup } from "../../contract/Operation.ts"
import type { Transport } from "../../kafka/Transport.ts"
import * as PublisherOptions from "../../publisher/PublisherOptions.ts"
import * as OptionRules from "../../settings/OptionRules.ts"
import * as StartError from "../../startup/StartError.ts"
import { defaults, type Options, rules } from "../Options.ts"
import * as Start from "./start.ts"

/** A default that no call may have would fail every call. To be asked of options that meet their rules. */
const checkTimeout = ({ maxTimeout, timeout }: Options): Effect.Effect<void, StartError.StartError> =>
  Duration.toMillis(timeout) <= Duration.toMillis(maxTimeout)
    ? Effect.void
    : StartError.because(
        new StartError.InvalidOption({ option: "timeout", given: String(timeout), accepts: "at most maxTimeout" })
      )

/** Starts a requester of these contracts, within `startTimeout`. */
export const started = (
  groups: ReadonlyArray<AnyGroup>,
  overrides: Partial<Options>
): Effect.Effect<Start.Started, StartError.StartError, Transport | Scope.Scope> => {
  const options = OptionRules.withDefaults(defaults, overrides)
  return StartError.checkOptions(options, rules).pipe(
    Effect.andThen(() => StartError.checkOptions(options.publisher, PublisherOptions.rules, "publisher")),
    Effect.andThen(() => checkTimeout(options)),
    Effect.andThen(
      StartError.within(Start.start(groups, options), options.startTimeout, "preparing the requester's topics")
    )
  )
}
