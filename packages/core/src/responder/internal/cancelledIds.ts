/**
 * Correlation ids whose cancel came before their request, or instead of it. Remembered for 10 seconds, at most 10 000.
 */

const ageMillis = 10_000
const maxEntries = 10_000

export class CancelledIds {
  // In the order they came.
  readonly #ids = new Map<string, number>()

  add(id: string, now: number): void {
    this.#ids.delete(id)
    this.#ids.set(id, now)
    for (const [oldest, at] of this.#ids) {
      if (this.#ids.size <= maxEntries && now - at < ageMillis) return
      this.#ids.delete(oldest)
    }
  }

  has(id: string, now: number): boolean {
    const at = this.#ids.get(id)
    return at !== undefined && now - at < ageMillis
  }
}
