/**
 * What must hold whatever happens, checked in production too: a bookkeeping that has gone wrong must stop its engine
 * instead of committing, answering or waiting for the wrong things.
 */

/** An invariant was broken: a fault of this library. */
export class BrokenInvariant extends Error {
  override readonly name = "BrokenInvariant"
}

/** Throws unless the condition holds; `what` says what should have been so. */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new BrokenInvariant(what)
}
