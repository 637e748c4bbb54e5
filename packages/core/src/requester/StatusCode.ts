/**
 * The gRPC status names beside this layer's own words, for metrics, gateways and readers who know those. Nothing here
 * decides by them: the reasons say more.
 *
 * Chosen as gRPC's documentation of its status codes chooses, for the code that a caller sees.
 */
import type { TransportError } from "../kafka/TransportError.ts"

export type StatusCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "PERMISSION_DENIED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "UNAUTHENTICATED"

/** The code of a failure of the transport. */
export const ofTransport = ({ reason }: TransportError): StatusCode => {
  switch (reason._tag) {
    case "Unreachable":
    case "NoAnswer":
    case "Unavailable":
    case "Unacknowledged":
    case "TransportClosed":
      return "UNAVAILABLE"
    case "NoSuchTopic":
    case "NoSuchPartition":
      return "NOT_FOUND"
    case "QueueFull":
    case "TooLarge":
      return "RESOURCE_EXHAUSTED"
    case "NotAuthorized":
      return reason.code.includes("SASL") ? "UNAUTHENTICATED" : "PERMISSION_DENIED"
    case "Refused":
    case "Misconfigured":
      return "FAILED_PRECONDITION"
    case "Unrecognised":
      return "UNKNOWN"
  }
}

const byStatus: Readonly<Record<string, StatusCode>> = {
  unimplemented: "UNIMPLEMENTED",
  invalid: "INVALID_ARGUMENT",
  unsupported: "UNIMPLEMENTED",
  expired: "DEADLINE_EXCEEDED",
  overloaded: "RESOURCE_EXHAUSTED",
  unavailable: "UNAVAILABLE",
  "shutting-down": "UNAVAILABLE",
  "key-conflict": "ABORTED",
  "circular-wait": "FAILED_PRECONDITION",
  "reply-too-large": "RESOURCE_EXHAUSTED",
  "reply-invalid": "INTERNAL",
  "reply-refused": "INTERNAL",
  internal: "INTERNAL"
}

/** The code of a status that a responder gave; one of a later version is `UNKNOWN`. */
export const ofStatus = (status: string): StatusCode =>
  Object.hasOwn(byStatus, status) ? byStatus[status]! : "UNKNOWN"
