/**
 * Things in the order they were added, any of which can be taken out at once. A list whose links are in its members.
 *
 * A map keeps this order too, but looking for its first key passes over all that were ever deleted before it.
 */

export interface Aging<E> {
  older: E | undefined
  newer: E | undefined
}

export class AgeOrder<E extends Aging<E>> {
  #oldest: E | undefined
  #newest: E | undefined

  get oldest(): E | undefined {
    return this.#oldest
  }

  get newest(): E | undefined {
    return this.#newest
  }

  /** Adds one that is not in any list. */
  add(member: E): void {
    member.older = this.#newest
    if (this.#newest === undefined) this.#oldest = member
    else this.#newest.newer = member
    this.#newest = member
  }

  /** Adds one that is not in any list before all others. */
  addOldest(member: E): void {
    member.newer = this.#oldest
    if (this.#oldest === undefined) this.#newest = member
    else this.#oldest.older = member
    this.#oldest = member
  }

  /** Takes out a member; what it was linked to is not linked to it any more. */
  remove(member: E): void {
    const { newer, older } = member
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    member.older = member.newer = undefined
  }
}
