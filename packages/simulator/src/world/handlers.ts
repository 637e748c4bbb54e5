/**
 * The handlers of the simulated responders: they do what the payload says and tell the log.
 */
import * as Requester from "@kafka-request-reply/core/Requester"
import type { RequestError } from "@kafka-request-reply/core/RequestError"
import { RequestInfo } from "@kafka-request-reply/core/RequestInfo"
import * as CorrelationId from "@kafka-request-reply/core/simulator/wire/CorrelationId"
import * as RecordHeaders from "@kafka-request-reply/core/simulator/wire/RecordHeaders"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as RpcClient from "effect/rpc/RpcClient"
import { callHeader } from "../cluster/Labels.ts"
import type { Happening } from "../history/Event.ts"
import { hasPrimaryKey } from "../plan/Plan.ts"
import { outcomeOfNested } from "./caller.ts"
import { type Answer, callerHeader, type Order, type Refusal, Simulated, type SimulatedRpcs } from "./Contract.ts"

export type Client = RpcClient.RpcClient<SimulatedRpcs, RequestError>

export interface HandlerEnvironment {
  readonly nextRun: () => number
  readonly onEvent: (happening: Happening) => void
  /** For calls made by handlers. */
  readonly client: Client | undefined
  /** Wraps each nested call; a mutant may spoil it. */
  readonly nested: <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** Larger than the responders' `maxReplyBytes`. */
export const hugePadding = "x".repeat(3_000)

const uninterruptible = new Set(["stubborn", "stuck"])

const exitOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "success"
  if (Cause.hasInterruptsOnly(exit.cause)) return "interrupt"
  return Cause.hasDies(exit.cause) ? "defect" : "failure"
}

const textOf = (headers: RecordHeaders.RecordHeaders, name: string): string | undefined => {
  const bytes = RecordHeaders.last(headers, name)
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8")
}

/** The call that a handler of `Relay` makes: a read, or, in a circle, one that has the record key of its own request. */
const callOf = (client: Client, call: string, order: Order): Effect.Effect<unknown, unknown> => {
  const inner: Order = { ...order, subject: `${order.subject}-inner`, behaviour: "ok" }
  const options = { headers: { [callHeader]: `${call}.inner` } }
  const asked =
    order.behaviour === "circle"
      ? Requester.withRoutingKey(order.subject)(client.Do(inner, options))
      : client.Read(inner, options)
  return Requester.withTimeout("4 seconds")(asked)
}

const outcomeOf = ({ behaviour, subject, value }: Order, run: number): Effect.Effect<Answer, Refusal> => {
  switch (behaviour) {
    case "refuse":
    case "final":
      return Effect.fail({ subject, run, isFinal: behaviour === "final" })
    case "hang":
    case "stuck":
      return Effect.never
    case "quit":
      return Effect.interrupt
    case "die":
      return Effect.die(new Error(`run ${run} dies as it should`))
    default:
      return Effect.succeed({ subject, value, run, padding: behaviour === "huge" ? hugePadding : "" })
  }
}

export const makeHandlers = (environment: HandlerEnvironment) => {
  const { client, nested, nextRun, onEvent } = environment

  const serve =
    (operation: string) =>
    (order: Order): Effect.Effect<Answer, Refusal> =>
      // The start of a run and its end are told together, or not at all.
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const info = yield* RequestInfo
          if (info === undefined) return yield* Effect.die(new Error("a handler ran outside a request"))
          const run = nextRun()
          const call = textOf(info.headers, callHeader) ?? "?"
          const id = CorrelationId.toHex(info.correlationId)
          const { attempt, offset, partition } = info
          const caller = operation === "Own" ? `${textOf(info.headers, callerHeader)} ` : ""
          const key = hasPrimaryKey(operation) ? `${caller}${order.subject}` : undefined
          const work = Effect.gen(function* () {
            if (operation === "Relay" && client !== undefined) {
              const exit = yield* Effect.exit(nested(callOf(client, call, order)))
              onEvent({ type: "nested", call, behaviour: order.behaviour, outcome: outcomeOfNested(exit) })
            } else if (order.millis > 0) yield* Effect.sleep(order.millis)
            return yield* outcomeOf(order, run)
          })
          onEvent({ type: "run", run, call, id, operation, key, partition, offset, attempt })
          return yield* (uninterruptible.has(order.behaviour) ? work : restore(work)).pipe(
            Effect.onExit((exit) => Effect.sync(() => onEvent({ type: "ran", run, call, exit: exitOf(exit) })))
          )
        })
      )

  return Simulated.toLayer(
    Effect.succeed(
      Simulated.of({
        Read: serve("Read"),
        Put: serve("Put"),
        Take: serve("Take"),
        Own: serve("Own"),
        Mark: serve("Mark"),
        Do: serve("Do"),
        Relay: serve("Relay")
      })
    )
  )
}
