/**
 * A requester as the protocol of Effect's own `RpcClient`: code that is written for `RpcClient.make` calls over Kafka by
 * another layer, with the deadlines, retries and cancels of `Requester`.
 *
 * A `RequestError` is the `cause` of an `RpcClientError`. Client middleware is `RpcClient`'s, whose `next` returns once the
 * request is handed over, so that it cannot retry; and payloads with a primary key are decoded once more, to read it. Prefer
 * `Requester.client`, which has neither; loading this module loads `effect/rpc/RpcClient`, some 100 ms.
 *
 * @example
 * ```ts
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as RequesterProtocol from "@kafka-request-reply/core/RequesterProtocol"
 * import * as Responder from "@kafka-request-reply/core/Responder"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcClient, RpcGroup } from "effect/rpc"
 *
 * const Greet = Rpc.make("Greet", { payload: { name: Schema.String }, success: Schema.String })
 * const Greeter = RpcGroup.make(Greet).annotate(Contract.Name, "greeter")
 * const handlers = Greeter.toLayer({ Greet: ({ name }) => Effect.succeed(`Hello, ${name}`) })
 *
 * const program = Effect.gen(function* () {
 *   const greeter = yield* RpcClient.make(Greeter)
 *   return yield* greeter.Greet({ name: "Ada" })
 * })
 * const both = Layer.mergeAll(
 *   RequesterProtocol.layer(Greeter, { topics: "create" }),
 *   Responder.layer(Greeter, { topics: "create" }).pipe(Layer.provide(handlers))
 * ).pipe(Layer.provide(MemoryTransport.layer))
 * const greeting = await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(both)))
 * if (greeting !== "Hello, Ada") throw new Error(greeting)
 * ```
 */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Layer from "effect/Layer"
import * as RpcClient from "effect/rpc/RpcClient"
import * as RpcClientError from "effect/rpc/RpcClientError"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as RpcMessage from "effect/rpc/RpcMessage"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type AnyGroup, operationsOf } from "../contract/Operation.ts"
import type { Transport } from "../kafka/Transport.ts"
import type * as StartError from "../startup/StartError.ts"
import { nameOf } from "./internal/clients.ts"
import { type EncodedExit, encodedOperation, payloadOf } from "./internal/encodedOperation.ts"
import { started } from "./internal/started.ts"
import * as Method from "./internal/method.ts"
import type { Options } from "./Options.ts"
import { RequestError } from "./RequestError.ts"

const clientError = (message: string, cause: unknown): RpcClientError.RpcClientError =>
  new RpcClientError.RpcClientError({ reason: new RpcClientError.RpcClientDefect({ message, cause }) })

/** A call of an operation, from encoded payload to encoded exit. */
type Send = (request: RpcMessage.RequestEncoded) => Effect.Effect<EncodedExit, RpcClientError.RpcClientError>

const sendersOf = (contract: AnyGroup, environment: Method.MethodDependencies): ReadonlyMap<string, Send> =>
  new Map(
    operationsOf(contract).map((operation) => {
      const method = Method.make(encodedOperation(operation), [], environment)
      const send: Send = (request) =>
        payloadOf(operation, request.payload).pipe(
          Effect.flatMap((payload) => {
            const headers = Headers.fromInput(request.headers)
            return method(payload, { headers, discard: request.discard }) as Effect.Effect<unknown, unknown>
          }),
          Effect.map((exit) => (exit ?? { _tag: "Success", value: undefined }) as EncodedExit),
          Effect.catch((failure) => {
            if (failure instanceof RequestError) return Effect.fail(clientError(failure.message, failure))
            if (!Schema.isSchemaError(failure)) return Effect.succeed(failure as EncodedExit)
            const message = `the primary key of ${operation.tag} cannot be read: ${failure.message}`
            return Effect.fail(clientError(message, failure))
          })
        )
      return [operation.tag, send] as const
    })
  )

/** A protocol for clients of the contract. Fails as `Requester.make` does. */
export const make = <Rpcs extends Rpc.Any>(
  contract: RpcGroup.RpcGroup<Rpcs>,
  options: Partial<Options> = {}
): Effect.Effect<RpcClient.Protocol["Service"], StartError.StartError, Transport | Scope.Scope> =>
  Effect.gen(function* () {
    const group: AnyGroup = contract
    const engine = yield* started([group], options)
    const environment = yield* engine.environmentOf(group)
    const senders = environment === undefined ? new Map<string, Send>() : sendersOf(group, environment)
    return yield* RpcClient.Protocol.make((writeResponse) =>
      Effect.succeed({
        // The call lives in the fiber that sends it: its interruption cancels the request, and no message is needed for it.
        send: (clientId, message) => {
          if (message._tag !== "Request") return Effect.void
          const send = senders.get(message.tag)
          if (send === undefined) {
            return Effect.fail(clientError(`${message.tag} is not in the contract ${nameOf(group)}`, undefined))
          }
          return Effect.flatMap(send(message), (exit) =>
            writeResponse(clientId, { _tag: "Exit", requestId: message.id, exit })
          )
        },
        supportsAck: false,
        supportsTransferables: false,
        codecFor: Schema.toCodecJson as RpcClient.Protocol["Service"]["codecFor"]
      })
    )
  })

/** The layer of `make`. */
export const layer = <Rpcs extends Rpc.Any>(
  contract: RpcGroup.RpcGroup<Rpcs>,
  options: Partial<Options> = {}
): Layer.Layer<RpcClient.Protocol, StartError.StartError, Transport> =>
  Layer.effect(RpcClient.Protocol, make(contract, options))
