/**
 * Opens connections to brokers within a time limit, and reports to the watch the brokers that cannot be reached.
 */
import * as Effect from "effect/Effect"
import { because, type TransportError, Unavailable, Unreachable } from "../../kafka/TransportError.ts"
import type { BrokerConnection } from "./brokerConnection.ts"
import type { BrokerNode } from "./brokerNode.ts"
import type { BrokerWatch } from "./brokerWatch.ts"
import type { ForeignCalls } from "./foreignCall.ts"

/** Whether no connection was made: nothing listens there, or the network has no way there. */
const isRefusal = (detail: string): boolean =>
  /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT|Connection timeout/.test(detail)

export class BrokerConnector {
  readonly #foreign: ForeignCalls
  readonly #watch: BrokerWatch

  constructor(foreign: ForeignCalls, watch: BrokerWatch) {
    this.#foreign = foreign
    this.#watch = watch
  }

  /** An open connection for a purpose. Fails at once while the broker is suspected, or wants quiet for too long. */
  connect(node: BrokerNode, purpose: string, timeoutMillis: number): Effect.Effect<BrokerConnection, TransportError> {
    return Effect.suspend((): Effect.Effect<BrokerConnection, TransportError> => {
      const { refusal } = node
      if (refusal !== undefined) return Effect.fail(refusal)
      const connection = node.connection(purpose)
      const { throttledMillis } = connection.progress
      if (throttledMillis >= timeoutMillis) {
        const detail = `${node.name} has asked this client for ${Math.round(throttledMillis)} ms of quiet (quota)`
        return Effect.fail(because(new Unavailable({ code: "THROTTLING_QUOTA_EXCEEDED", detail })))
      }
      // Every write and fetch passes here: an open connection costs no promise and no timer.
      const opened = connection.isOpen ? Effect.succeed(connection) : this.#open(node, connection, timeoutMillis)
      return throttledMillis > 0 ? Effect.andThen(Effect.sleep(throttledMillis), opened) : opened
    })
  }

  #open(node: BrokerNode, connection: BrokerConnection, timeoutMillis: number) {
    return this.#foreign
      .run(() => connection.open(), { what: `connecting to ${node.name}`, timeoutMillis })
      .pipe(
        Effect.mapError((error) =>
          error.reason._tag === "Unreachable"
            ? because(new Unreachable({ brokers: [node.address], detail: error.reason.detail }))
            : error
        ),
        Effect.tapError(({ reason }) =>
          Effect.sync(() => {
            if (reason._tag === "NoAnswer") {
              connection.cut("it did not connect in time")
              this.#watch.doubt(node)
            } else if (reason._tag === "Unreachable" && isRefusal(reason.detail)) {
              this.#watch.suspect(node, reason.detail)
            }
          })
        ),
        Effect.as(connection)
      )
  }
}
