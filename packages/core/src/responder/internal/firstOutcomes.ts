/**
 * The first outcome of an attempt is its outcome: notes how requests end, and says what a repeated one is told.
 *
 * Operations that only read are left out: they may run again.
 */
import type * as Clock from "effect/Clock"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { RecordHeader } from "../../wire/RecordHeaders.ts"
import { type Answer, rejected } from "./answer.ts"
import type { AttemptTable } from "./attemptTable.ts"
import type { OpenRequest } from "./openRequest.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import { stored } from "./storedAnswer.ts"

/** What a repeated request is told; nothing when the answer is undefined. */
export interface Repeat {
  readonly answer: Answer | undefined
  readonly headers: ReadonlyArray<RecordHeader>
}

const none: ReadonlyArray<RecordHeader> = []

/** What is known by `what` came with another payload. */
export const conflictOf = (what: "key" | "correlation id"): Answer =>
  rejected("key-conflict", `its ${what} was used before with another payload; use a new one, or send the same payload`)

export class FirstOutcomes {
  readonly #attempts: AttemptTable
  readonly #clock: Clock.Clock
  readonly #recorder: ServeRecorder

  constructor(attempts: AttemptTable, clock: Clock.Clock, recorder: ServeRecorder) {
    this.#attempts = attempts
    this.#clock = clock
    this.#recorder = recorder
  }

  /** What the request is told because its attempt is over already; undefined when it is not known. */
  repeatOf(request: OpenRequest): Repeat | undefined {
    if (request.procedure.operation.isSafe) return undefined
    const known = this.#attempts.find(request, monotonicMillis(this.#clock))
    if (known._tag === "New") return undefined
    this.#recorder.duplicate(known._tag === "Conflict" ? "conflict" : "replayed")
    if (known._tag === "Conflict") return { answer: conflictOf("correlation id"), headers: none }
    return { answer: known.answer, headers: known.answer?.headers ?? none }
  }

  /** Notes what a request was told, `undefined` for nothing. Only the first time counts. */
  end(request: OpenRequest, answer: Answer | undefined, headers: ReadonlyArray<RecordHeader>): void {
    if (request.procedure.operation.isSafe) return
    const kept = answer === undefined ? undefined : stored(answer, headers)
    this.#recorder.evicted(this.#attempts.end(request, kept, request.replyBy, monotonicMillis(this.#clock)))
  }
}
