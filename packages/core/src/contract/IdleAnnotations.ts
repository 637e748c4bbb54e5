/**
 * Annotations that have no effect on an operation. They are no error, since a group may annotate all its operations at once,
 * but for a single one they are likely a mistake. One that would be dangerous if it had an effect is refused instead.
 */
import * as Duration from "effect/Duration"
import * as Contract from "./Contract.ts"
import type { Operation } from "./Operation.ts"

/** Why an annotation is refused, if one is. */
export const misplacedAnnotationOf = ({ hedge, isSafe }: Operation): string | undefined =>
  hedge === undefined || isSafe
    ? undefined
    : "Contract.Hedge is for Safe operations only, since a hedge runs beside the first attempt; annotate the operation as Contract.Safe if it only reads, else remove Contract.Hedge"

/** A sentence each. `places` is how many handlers of all operations may run at one time, where that is known. */
export const idleAnnotationsOf = (
  { concurrency, isSafe, maxWait, mayRunTwice, rpc, storesReplies, tag, timeout }: Operation,
  places = Number.POSITIVE_INFINITY
): ReadonlyArray<string> => {
  // A reference that was not annotated has its default all the same.
  const has = ({ key }: { readonly key: string }): boolean => rpc.annotations.mapUnsafe.has(key)
  const found: Array<string> = []
  if (has(Contract.Retry) && !mayRunTwice) {
    found.push(`Contract.Retry of ${tag} has no effect: only Safe and Idempotent operations are retried`)
  }
  if (has(Contract.FinalErrors) && (isSafe || !storesReplies)) {
    found.push(`Contract.FinalErrors of ${tag} has no effect: its replies are not stored`)
  }
  if (has(Contract.StoreReplies) && storesReplies && isSafe) {
    found.push(`Contract.StoreReplies of ${tag} has no effect: replies of Safe operations are never stored`)
  }
  if (concurrency !== undefined && concurrency >= places) {
    found.push(`Contract.Concurrency of ${tag} has no effect: of all operations together ${places} handlers may run`)
  }
  if (maxWait !== undefined && timeout !== undefined && Duration.toMillis(maxWait) >= Duration.toMillis(timeout)) {
    found.push(`Contract.MaxWait of ${tag} has no effect: its Timeout ends sooner`)
  }
  if (has(Contract.Identity) && isSafe) {
    found.push(`Contract.Identity of ${tag} has no effect: replies of Safe operations are never shared`)
  }
  return found
}
