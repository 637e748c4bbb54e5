/**
 * Machines for tests that drive their steps themselves.
 */
import * as Context from "effect/Context"
import type { Operation } from "../../src/contract/Operation.ts"
import { Machine } from "../../src/responder/internal/machine.ts"
import type { Procedure } from "../../src/responder/internal/procedure.ts"
import { timesOf } from "../../src/responder/internal/times.ts"
import { defaults, type Options } from "../../src/responder/Options.ts"

/** An operation as far as the machine looks at it. */
export const procedureNamed = (tag: string, traits: Partial<Operation> = {}): Procedure => ({
  operation: {
    tag,
    isSafe: false,
    isIdempotent: false,
    hasPrimaryKey: false,
    storesReplies: true,
    priority: "normal",
    ...traits
  } as Operation,
  handler: () => undefined as never,
  middlewares: [],
  context: Context.empty()
})

/** A machine that serves these operations; by default `Get`, which only reads. */
export const machineOf = (
  options: Partial<Options> = {},
  procedures: ReadonlyArray<Procedure> = [procedureNamed("Get", { isSafe: true })]
): Machine => {
  const all = { ...defaults, ...options }
  return new Machine({
    options: all,
    times: timesOf(all),
    procedures: new Map(procedures.map((procedure) => [procedure.operation.tag, procedure])),
    hasDeadLetters: all.deadLetterTopic !== undefined
  })
}
