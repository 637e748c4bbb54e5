/**
 * From whatever kafkajs throws to a `TransportError`: total and pure.
 *
 * kafkajs wraps: the error that says what happened is often the cause of a `KafkaJSNonRetriableError` or a
 * `KafkaJSNumberOfRetriesExceeded`, whose own `retriable` says nothing. So the chain of causes is walked from the
 * outside, and the first error that a rule recognises decides.
 */
import {
  because,
  NoAnswer,
  NoSuchTopic,
  NotAuthorized,
  type Reason,
  Refused,
  TooLarge,
  TransportError,
  Unavailable,
  Unreachable,
  Unrecognised
} from "../kafka/TransportError.ts"

/** What was being talked to when the error came, for errors that do not say it themselves. */
export interface ErrorContext {
  readonly brokers: ReadonlyArray<string>
  readonly topic?: string | undefined
}

const notAuthorized = new Set([
  "CLUSTER_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "ILLEGAL_SASL_STATE",
  "SASL_AUTHENTICATION_FAILED",
  "SECURITY_DISABLED",
  "TOPIC_AUTHORIZATION_FAILED",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "UNSUPPORTED_SASL_MECHANISM"
])

// Not retriable in kafkajs' table, but over by themselves: a rebalance, a restart, a server that stumbled.
const passing = new Set([
  "BROKER_NOT_AVAILABLE",
  "ILLEGAL_GENERATION",
  "MEMBER_ID_REQUIRED",
  "OFFSET_OUT_OF_RANGE",
  "REBALANCE_IN_PROGRESS",
  "STALE_CONTROLLER_EPOCH",
  "UNKNOWN",
  "UNKNOWN_MEMBER_ID"
])

const socketCodes = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT"
])

interface Shape {
  readonly name: string
  readonly message: string
  readonly type: unknown
  readonly code: unknown
  readonly retriable: unknown
  readonly broker: unknown
  readonly cause: unknown
  readonly errors: unknown
}

// A foreign object may be a proxy or have throwing getters; nothing of it may end the classifier.
const shapeOf = (error: unknown): Shape | undefined => {
  if (typeof error !== "object" || error === null) return undefined
  try {
    const { broker, cause, code, errors, message, name, retriable, type } = error as Shape
    return { broker, cause, code, errors, message: String(message), name: String(name), retriable, type }
  } catch {
    return undefined
  }
}

const protocolReason = (type: string, shape: Shape, error: unknown, { topic }: ErrorContext): Reason | undefined => {
  const said = { detail: shape.message, cause: error }
  if (notAuthorized.has(type) || type.startsWith("DELEGATION_TOKEN")) return new NotAuthorized({ code: type, ...said })
  if (passing.has(type)) return new Unavailable({ code: type, ...said })
  switch (type) {
    case "MESSAGE_TOO_LARGE":
    case "RECORD_LIST_TOO_LARGE":
      return new TooLarge({ topic: topic ?? "a topic", ...said })
    case "UNKNOWN_TOPIC_OR_PARTITION":
      return topic === undefined ? new Unavailable({ code: type, ...said }) : new NoSuchTopic({ topic })
    case "REQUEST_TIMED_OUT":
      return new NoAnswer(said)
    case "KAFKAJS_UNKNOWN_ERROR_CODE":
      return undefined
    default:
      return shape.retriable === true ? new Unavailable({ code: type, ...said }) : new Refused({ code: type, ...said })
  }
}

const namedReason = (shape: Shape, error: unknown, context: ErrorContext): Reason | undefined => {
  const { broker, code, message, name } = shape
  // A host name with several addresses, none of which answers: Node's error has a code and an empty message.
  const detail = message.endsWith(": ") && typeof code === "string" ? `${message}${code}` : message
  const said = { detail, cause: error }
  switch (name) {
    case "KafkaJSConnectionError":
    case "KafkaJSConnectionClosedError":
    case "KafkaJSNoBrokerAvailableError":
      return new Unreachable({ brokers: typeof broker === "string" ? [broker] : context.brokers, ...said })
    case "KafkaJSBrokerNotFound":
    case "KafkaJSGroupCoordinatorNotFound":
    case "KafkaJSMetadataNotLoaded":
    case "KafkaJSStaleTopicMetadataAssignment":
    case "KafkaJSTopicMetadataNotLoaded":
      return new Unavailable({ code: name, ...said })
    case "KafkaJSRequestTimeoutError":
    case "KafkaJSTimeout":
    case "KafkaJSLockTimeout":
      return new NoAnswer(said)
    case "KafkaJSSASLAuthenticationError":
      return new NotAuthorized({ code: name, ...said })
    case "KafkaJSNotImplemented":
    case "KafkaJSServerDoesNotSupportApiKey":
      return new Refused({ code: name, ...said })
    default:
      return typeof code === "string" && socketCodes.has(code)
        ? new Unreachable({ brokers: context.brokers, ...said })
        : undefined
  }
}

// Causes can form a circle.
const maxDepth = 8

const reasonOf = (error: unknown, context: ErrorContext, depth: number): Reason | undefined => {
  if (error instanceof TransportError) return error.reason
  const shape = shapeOf(error)
  if (shape === undefined || depth > maxDepth) return undefined
  const own =
    typeof shape.type === "string" && typeof shape.code === "number"
      ? protocolReason(shape.type, shape, error, context)
      : namedReason(shape, error, context)
  if (own !== undefined) return own
  const inner = Array.isArray(shape.errors) ? [...shape.errors.slice(0, maxDepth), shape.cause] : [shape.cause]
  for (const cause of inner) {
    const reason = reasonOf(cause, context, depth + 1)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** The `TransportError` that says what this failure means. Never throws. */
export const classifyError = (error: unknown, context: ErrorContext): TransportError => {
  if (error instanceof TransportError) return error
  return because(reasonOf(error, context, 0) ?? new Unrecognised({ cause: error }))
}
