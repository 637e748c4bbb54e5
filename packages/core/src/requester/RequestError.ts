/**
 * How a call can fail besides the errors its contract declares: one error whose `reason` says what is known.
 *
 * Every caller asks two questions. "Was it done?" `isCertainlyNotExecuted`, and `delivery` in the reasons that have it.
 * "May I call again?" `isTransient` says that it can help, `isSafeToRetry` that it can also do no harm.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import { RequestError } from "@kafka-request-reply/core/RequestError"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 *
 * const stock = Effect.gen(function* () {
 *   const inventory = yield* Requester.client(Inventory)
 *   return yield* inventory.GetStock({ sku: "TEA-0001" }).pipe(Requester.withTimeout("50 millis"))
 * }).pipe(
 *   Effect.catchReason("RequestError", "Timeout", ({ delivery }) => Effect.succeed(`no answer, ${delivery}`)),
 *   Effect.catch((error: RequestError) => Effect.succeed(error.isSafeToRetry ? "later" : error.message))
 * )
 * // Nobody serves it: the request is in its topic, and nobody answers.
 * const requester = Requester.layer(Inventory, { topics: "create" }).pipe(Layer.provide(MemoryTransport.layer))
 * assert.equal(await Effect.runPromise(Effect.provide(stock, requester)), "no answer, acknowledged")
 * ```
 */
import * as Schema from "effect/Schema"
import { Failure } from "./Failure.ts"
import { Refusal } from "./Refusal.ts"
import type { StatusCode } from "./StatusCode.ts"

export {
  ClockSkew,
  Closed,
  Delivery,
  Interrupted,
  InvalidReply,
  Rejected,
  ReplyAddressLost,
  Timeout,
  Unanswerable
} from "./Failure.ts"
export {
  BudgetExhausted,
  InvalidHeaders,
  InvalidPayload,
  InvalidTimeout,
  NoResponder,
  NotSent,
  Overloaded,
  RequestTooLarge
} from "./Refusal.ts"
export type { StatusCode } from "./StatusCode.ts"

export const Reason = Schema.Union([...Refusal.members, ...Failure.members])
export type Reason = typeof Reason.Type

/**
 * A failure of the request/reply layer. Tell reasons apart with `Effect.catchReason("RequestError", "Timeout", …)`.
 */
export class RequestError extends Schema.TaggedError<RequestError>("@kafka-request-reply/core/requester/RequestError")(
  "RequestError",
  {
    reason: Reason,
    /** Whether the operation that was called is `Safe` or `Idempotent`. */
    mayRunTwice: Schema.Boolean,
    /**
     * How far another request of the same call came before this one failed. Present when client middleware made more than
     * one, and an earlier one may have been executed.
     */
    earlierDelivery: Schema.optionalKey(Schema.Literals(["unknown", "acknowledged"]))
  }
) {
  override readonly cause = this.reason

  override get message() {
    const { earlierDelivery, reason } = this
    const earlier =
      earlierDelivery === undefined ? "" : "; an earlier request of the same call may have been executed all the same"
    return `${reason.message}${earlier}`
  }

  /** The gRPC name for it, for metrics and gateways. */
  get code(): StatusCode {
    return this.reason.code
  }

  /** True when the call was certainly not executed, because no request of it was ever written. */
  get isCertainlyNotExecuted(): boolean {
    if (this.earlierDelivery !== undefined) return false
    const { reason } = this
    switch (reason._tag) {
      case "NotSent":
      case "NoResponder":
      case "Overloaded":
      case "BudgetExhausted":
      case "InvalidPayload":
      case "RequestTooLarge":
      case "InvalidHeaders":
      case "InvalidTimeout":
        return true
      case "Timeout":
      case "Closed":
      case "ReplyAddressLost":
        return reason.delivery === "not-sent"
      // What is in the log may be executed by any responder that owns its partition until its deadline (ADR 8).
      case "Rejected":
      case "Unanswerable":
      case "ClockSkew":
      case "InvalidReply":
      case "Interrupted":
        return false
    }
  }

  /**
   * True when the same call may succeed later without anybody changing anything. It says nothing of what the call did:
   * decide by `isSafeToRetry` whether to make it again.
   */
  get isTransient(): boolean {
    const { reason } = this
    switch (reason._tag) {
      case "Timeout":
      case "NoResponder":
      case "Overloaded":
      case "Interrupted":
      case "ReplyAddressLost":
        return true
      case "NotSent":
      case "Rejected":
        return reason.isTransient
      // Each needs somebody: another payload, setting, contract, clock or requester, or a caller that has time.
      case "BudgetExhausted":
      case "InvalidPayload":
      case "RequestTooLarge":
      case "InvalidHeaders":
      case "InvalidTimeout":
      case "Unanswerable":
      case "InvalidReply":
      case "ClockSkew":
      case "Closed":
        return false
    }
  }

  /**
   * True when the same call may be made again: it can help, and it does nothing twice that may not be done twice, since the
   * request was certainly not executed or its operation is `Safe` or `Idempotent`.
   */
  get isSafeToRetry(): boolean {
    return this.isTransient && (this.mayRunTwice || this.isCertainlyNotExecuted)
  }
}
