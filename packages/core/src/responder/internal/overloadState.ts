/**
 * Whether requests are being refused for want of time: evidence that more comes than can be done, and not only more at one
 * moment. Holds for a while, since what is refused in time shows nothing any more. Pure.
 */

const holdsMillis = 1_000

export class OverloadState {
  isOn = false
  /** Until when it holds, as far as is known. */
  until = Number.NEGATIVE_INFINITY

  /** A request could not be begun in time. */
  missed(at: number): void {
    this.isOn = true
    this.until = at + holdsMillis
  }

  look(at: number): void {
    if (at >= this.until) this.isOn = false
  }
}
