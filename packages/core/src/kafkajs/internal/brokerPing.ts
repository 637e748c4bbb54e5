/**
 * Asks one broker for a sign of life, over a connection that lives for this one question.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { BrokerNode } from "./brokerNode.ts"
import { afterReading } from "./foreignCall.ts"

/** Why the broker gave no sign of life, or undefined when it gave one. */
export const ping = Effect.fnUntraced(function* (
  node: BrokerNode,
  limitMillis: number,
  eventLoop: EventLoop
): Effect.fn.Return<string | undefined> {
  const connection = node.fresh()
  const asking = yield* Effect.tryPromise(() => connection.ping()).pipe(
    Effect.match({ onFailure: ({ cause }) => (cause as Error).message, onSuccess: () => undefined }),
    Effect.forkChild({ startImmediately: true })
  )
  const inTime = yield* Effect.timeoutOption(Fiber.await(asking), limitMillis)
  // After a stall of this process the timer fires before the socket is read.
  if (inTime._tag === "None") yield* afterReading(eventLoop)
  const answer = asking.pollUnsafe()
  connection.cut("the ping is over")
  if (answer === undefined) return `no answer for ${limitMillis} ms`
  return answer._tag === "Success" ? answer.value : "no answer"
})
