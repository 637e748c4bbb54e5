/**
 * What a planned callback throws. It may surface anywhere but in the loops of the engine.
 */
export class CallbackError extends Error {
  override readonly name = "CallbackError"
}
