/**
 * The coordinator of one group: found by asking all brokers, asked over connections by purpose, and looked for again as
 * soon as it cannot be reached, keeps silent or says that it is not the one.
 */
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { AskOptions, ClusterClient } from "./clusterClient.ts"
import { findCoordinator } from "./groupDescription.ts"
import { type Api, protocolRequest } from "./kafkajsInternals.ts"

/** A join may be pending for long, and a commit waits for replicas: neither may hold up the other. */
export type Purpose = "join" | "commit"

/** The ownership that something belongs to has ended: the next owner decides. */
export const isOver = ({ reason }: TransportError): boolean =>
  reason._tag === "Unavailable" &&
  ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "REBALANCE_IN_PROGRESS"].includes(reason.code)

export class Coordinator {
  readonly #client: ClusterClient
  readonly #groupId: string
  readonly #member: string
  #nodeId: number | undefined

  /** `member` names the connections, for there may be several members in a process. */
  constructor(client: ClusterClient, groupId: string, member: string) {
    this.#client = client
    this.#groupId = groupId
    this.#member = member
  }

  /** The next question finds it anew. */
  readonly forget: Effect.Effect<void> = Effect.sync(() => {
    this.#nodeId = undefined
  })

  ask<A extends object>(
    purpose: Purpose,
    api: Api,
    payload: object,
    options: AskOptions = {}
  ): Effect.Effect<A, TransportError> {
    const client = this.#client
    return Effect.suspend(() => (this.#nodeId === undefined ? this.#find() : Effect.succeed(this.#nodeId))).pipe(
      Effect.flatMap((nodeId) => client.connect(nodeId, `${purpose} ${this.#member}`)),
      Effect.flatMap((connection) =>
        client.ask<A>(
          connection,
          `${api} of group ${this.#groupId}`,
          (versions) => protocolRequest(versions, api, payload),
          options
        )
      ),
      Effect.tapError(() => this.forget)
    )
  }

  /** Fails on an error code; what is not about the membership may be otherwise at another coordinator. */
  check(code: number, topic?: string): Effect.Effect<void, TransportError> {
    return Effect.tapError(this.#client.failOnCode(code, topic), (error) => (isOver(error) ? Effect.void : this.forget))
  }

  /** Ends its connections. */
  release(): void {
    this.#client.release(`join ${this.#member}`)
    this.#client.release(`commit ${this.#member}`)
  }

  #find(): Effect.Effect<number, TransportError> {
    return Effect.map(findCoordinator(this.#client, this.#groupId), (found) => (this.#nodeId = found))
  }
}
