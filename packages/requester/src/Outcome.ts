/**
 * How a call ended, in the words and kinds of the program's report.
 */
import { RequestError } from "@kafka-request-reply/core/RequestError"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"

/**
 * `success` · `declared` an error of the contract, a regular answer · `error` of the request/reply layer · `defect` the
 * handler crashed · `stopped` the program was stopped before the answer came.
 */
export type Kind = "success" | "declared" | "error" | "defect" | "stopped"

export interface Outcome {
  readonly kind: Kind
  /** Groups like with like: `success`, `OutOfStock`, `Timeout`, `Rejected overloaded`, `Unanswerable internal`. */
  readonly name: string
  readonly detail: string
}

const ofError = (error: unknown): Outcome => {
  if (error instanceof RequestError) {
    const { reason } = error
    const name = "status" in reason ? `${reason._tag} ${reason.status}` : reason._tag
    return { kind: "error", name, detail: error.message }
  }
  const name = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "error"
  return { kind: "declared", name, detail: error instanceof Error ? error.message : String(error) }
}

/** The outcome of an exit; `say` words a success. */
export const of = <A>(exit: Exit.Exit<A, unknown>, say: (value: A) => string): Outcome => {
  if (Exit.isSuccess(exit)) return { kind: "success", name: "success", detail: say(exit.value) }
  if (Cause.hasInterruptsOnly(exit.cause)) {
    return { kind: "stopped", name: "stopped", detail: "stopped before the answer came" }
  }
  if (Cause.hasDies(exit.cause)) {
    const defect = Cause.squash(exit.cause)
    return { kind: "defect", name: "defect", detail: defect instanceof Error ? defect.message : String(defect) }
  }
  return ofError(Cause.squash(exit.cause))
}

/** Whether request/reply itself failed, as opposed to an answer that says no. */
export const isFailure = ({ kind }: Pick<Outcome, "kind">): boolean => kind === "error" || kind === "defect"
