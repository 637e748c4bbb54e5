/**
 * Sends requests: over a given connection, or to whichever broker answers first.
 */
import * as Effect from "effect/Effect"
import { because, type TransportError, Unreachable } from "../../kafka/TransportError.ts"
import { askInTurn } from "./askInTurn.ts"
import type { BrokerConnection } from "./brokerConnection.ts"
import type { BrokerConnector } from "./brokerConnector.ts"
import type { BrokerDirectory } from "./brokerDirectory.ts"
import type { BrokerNode } from "./brokerNode.ts"
import type { ClientSettings } from "./clientSettings.ts"
import type { ForeignCalls } from "./foreignCall.ts"
import type { ApiVersions, ProtocolRequest } from "./kafkajsInternals.ts"

/** The request in a version that the broker knows. */
export type BuildRequest = (versions: ApiVersions) => ProtocolRequest

export interface AskOptions {
  /** How long the broker may hold its answer back. Default: not at all. */
  readonly holdMillis?: number
  /** After this the connection is cut, and everything that waits on it fails. Default: the request timeout. */
  readonly timeoutMillis?: number
  readonly topic?: string
}

/** What is asked of a broker once it is connected. */
export type Question<A> = (connection: BrokerConnection) => Effect.Effect<A, TransportError>

/** How long one broker may take when another one could answer, too. */
export const lookMillis = 3_000
const metadataPurpose = "metadata"

export class BrokerRequests {
  readonly #settings: ClientSettings
  readonly #directory: BrokerDirectory
  readonly #connector: BrokerConnector
  readonly #foreign: ForeignCalls

  constructor(settings: ClientSettings, directory: BrokerDirectory, connector: BrokerConnector, foreign: ForeignCalls) {
    this.#settings = settings
    this.#directory = directory
    this.#connector = connector
    this.#foreign = foreign
  }

  /** Sends a request and gives the whole answer, error codes included. */
  ask<A>(
    connection: BrokerConnection,
    what: string,
    build: BuildRequest,
    { holdMillis = 0, timeoutMillis = this.#settings.requestTimeoutMillis, topic }: AskOptions = {}
  ): Effect.Effect<A, TransportError> {
    const call = { what, timeoutMillis, topic, progress: connection.progress }
    return this.#foreign
      .run(() => connection.send(build, holdMillis) as Promise<A>, call)
      .pipe(
        Effect.tapError(({ reason }) =>
          Effect.sync(() => {
            // A broker answers in turn: no later request on this connection would be answered either.
            if (reason._tag === "NoAnswer") connection.cut(`${what} was not answered`)
          })
        )
      )
  }

  /** Asks any broker, and another one as well when the first takes its time. */
  askAny<A>(what: string, question: Question<A>): Effect.Effect<A, TransportError> {
    return Effect.suspend(() => this.askOneOf(this.#directory.candidates, what, question))
  }

  /** Asks the brokers in turn; `what` is the detail of the error when there are none. */
  askOneOf<A>(nodes: ReadonlyArray<BrokerNode>, what: string, question: Question<A>): Effect.Effect<A, TransportError> {
    return askInTurn(
      nodes.map((node) => Effect.flatMap(this.#connector.connect(node, metadataPurpose, lookMillis), question)),
      because(new Unreachable({ brokers: this.#settings.brokers, detail: what }))
    )
  }
}
