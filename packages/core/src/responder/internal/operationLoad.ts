/**
 * What one operation asks of the responder that serves it: how long its handlers take, how many of them may run at one
 * time, and how urgent it is. Who waits because as many run as may stands here. Pure.
 */
import * as Duration from "effect/Duration"
import type { Operation } from "../../contract/Operation.ts"
import { priorities } from "../../contract/Contract.ts"
import { ServiceTime } from "./serviceTime.ts"
import { type Turn, TurnQueue } from "./turnQueue.ts"

/** Lets at most so many of an operation's requests have places, or wait for nothing but a place. */
export class Gate<E extends Turn<E>> {
  readonly limit: number
  /** Those that were let through and have not ended. */
  through = 0
  readonly parked = new TurnQueue<E>()

  constructor(limit: number) {
    this.limit = limit
  }

  get isOpen(): boolean {
    return this.through < this.limit
  }
}

export interface OperationLoad<E extends Turn<E>> {
  readonly service: ServiceTime
  readonly gate: Gate<E> | undefined
  /** An index of `priorities`. */
  readonly level: number
  /** Milliseconds; infinite when only the deadline counts. */
  readonly maxWait: number
}

export const loadOf = <E extends Turn<E>>(
  { concurrency, maxWait, priority }: Pick<Operation, "concurrency" | "maxWait" | "priority">,
  defaultMaxWait: number
): OperationLoad<E> => ({
  service: new ServiceTime(),
  gate: concurrency === undefined ? undefined : new Gate(concurrency),
  level: priorities.indexOf(priority),
  maxWait: maxWait === undefined ? defaultMaxWait : Duration.toMillis(maxWait)
})
