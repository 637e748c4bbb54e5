/**
 * One example of every reason that a call can fail for, and more where a reason has several meanings.
 */
import {
  NoSuchTopic,
  NotAuthorized,
  QueueFull,
  Refused,
  TransportError,
  type Reason as TransportReason,
  Unreachable,
  Unrecognised
} from "../../src/kafka/TransportError.ts"
import {
  BudgetExhausted,
  ClockSkew,
  Closed,
  Delivery,
  Interrupted,
  InvalidHeaders,
  InvalidPayload,
  InvalidReply,
  InvalidTimeout,
  NoResponder,
  NotSent,
  Overloaded,
  type Reason,
  Rejected,
  ReplyAddressLost,
  RequestTooLarge,
  Timeout,
  Unanswerable
} from "../../src/requester/RequestError.ts"

const operation = "Reserve"

const transport = (reason: TransportReason) => new TransportError({ reason })

export const passing = transport(new Unreachable({ brokers: ["a:1"], detail: "refused" }))
export const lasting = transport(new NotAuthorized({ code: "TOPIC_AUTHORIZATION_FAILED", detail: "no" }))

export const ofTransport: ReadonlyArray<TransportError> = [
  passing,
  lasting,
  transport(new NotAuthorized({ code: "SASL_AUTHENTICATION_FAILED", detail: "no" })),
  transport(new NoSuchTopic({ topic: "stock.requests" })),
  transport(new Refused({ code: "INVALID_RECORD", detail: "" })),
  transport(new Unrecognised({ cause: new Error("what?") })),
  transport(new QueueFull({ limit: 1_000 }))
]

export const reasons: ReadonlyArray<Reason> = [
  ...ofTransport.map((cause) => new NotSent({ operation, cause })),
  new NoResponder({ operation, group: "stock.responder", absentMillis: 1_000 }),
  new Overloaded({ operation, limit: "maxInFlight", value: 10 }),
  new BudgetExhausted({ operation }),
  new InvalidPayload({ operation, detail: "" }),
  new RequestTooLarge({ operation, bytes: 2, limit: 1 }),
  new InvalidHeaders({ operation, detail: "" }),
  new InvalidTimeout({ operation, given: "0", maxTimeoutMillis: 1 }),
  ...Delivery.literals.flatMap((delivery) => [
    new Timeout({ operation, timeoutMillis: 1, delivery, attempts: 1, correlationId: "00" }),
    new Timeout({ operation, timeoutMillis: 1, delivery, attempts: 1, correlationId: "00", cause: passing }),
    new ReplyAddressLost({ operation, delivery, cause: lasting }),
    new Closed({ operation, delivery })
  ]),
  ...["unimplemented", "invalid", "unsupported", "expired", "key-conflict", "of later"].map(
    (status) => new Rejected({ operation, status, detail: "", isTransient: false })
  ),
  new Rejected({ operation, status: "overloaded", detail: "", isTransient: true, retryAfterMillis: 5 }),
  ...["reply-too-large", "reply-invalid", "reply-refused", "internal"].map(
    (status) => new Unanswerable({ operation, status, detail: "" })
  ),
  new InvalidReply({ operation, detail: "" }),
  new Interrupted({ operation }),
  new ClockSkew({ operation, requesterMillis: 0, responderMillis: 1 })
]
