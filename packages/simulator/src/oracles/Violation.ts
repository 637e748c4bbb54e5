/**
 * A promise that a history broke.
 */
export interface Violation {
  /** The promise, in a few words; what shrinking keeps the same. */
  readonly rule: string
  readonly detail: string
  /** When, in milliseconds since the history began. */
  readonly at: number
}
