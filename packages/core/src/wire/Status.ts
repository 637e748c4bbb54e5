/**
 * Why a request was rejected: the `status` of a reply whose outcome is `rejected`.
 *
 * The set is open. A status this version does not know is shown to the caller as it came, and counts as not retryable.
 */

/** The statuses of version 1. */
export const known = [
  "unimplemented",
  "invalid",
  "unsupported",
  "expired",
  "overloaded",
  "unavailable",
  "shutting-down",
  "key-conflict",
  "circular-wait",
  "reply-too-large",
  "reply-invalid",
  "reply-refused",
  "internal"
] as const

export type KnownStatus = (typeof known)[number]

/**
 * - `unimplemented`: the responder has no such operation.
 * - `invalid`: the request cannot be read, or its payload does not fit the operation's schema.
 * - `unsupported`: a version, kind or content type that the responder does not speak.
 * - `expired`: the deadline, with the allowance for skew, had passed before the handler was started, or while it ran.
 * - `overloaded`: a limit of the responder was reached, or the handler says that it has too much to do.
 * - `unavailable`: the handler says that what it needs does not work at the moment.
 * - `shutting-down`: the responder drains and starts nothing new. Responders of this version do not send it: what they
 *   have not begun they leave to the next owner of the partition.
 * - `key-conflict`: the idempotency key was used before with another payload.
 * - `circular-wait`: it could only wait for the handler that waits for it.
 * - `reply-too-large`: executed, but the reply does not fit into a record.
 * - `reply-invalid`: executed, but what the handler returned does not fit the operation's schema.
 * - `reply-refused`: executed, but the broker refuses the reply for good.
 * - `internal`: the handler or the responder failed, and the responder's log says how; executed, at least in part.
 */
export type Status = KnownStatus | (string & {})

/** Whether the request was not executed and the same request may succeed a little later. */
export const isTransient = (status: Status): boolean =>
  status === "overloaded" || status === "unavailable" || status === "shutting-down"

/** Whether the responder executed the request, at least in part, and only its outcome is missing. */
export const isExecuted = (status: Status): boolean =>
  status === "reply-too-large" || status === "reply-invalid" || status === "reply-refused" || status === "internal"
