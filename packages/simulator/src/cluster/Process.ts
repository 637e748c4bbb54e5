/**
 * What the cluster needs to know of a program that talks to it.
 */
import type { RandomStream } from "../kernel/RandomStream.ts"

export interface Process {
  readonly name: string
  /** Its network's latencies. */
  readonly random: RandomStream
  /** False once it has died. */
  readonly isAlive: () => boolean
  /** Runs a task in the program: now, later or never. */
  readonly run: (task: () => void) => void
}
