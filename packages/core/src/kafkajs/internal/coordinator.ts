/**
 * The coordinator of one group. Any broker can tell which broker coordinates; requests go to it over one connection per
 * purpose. It is looked up again after it could not be reached, did not answer, or answered that another broker coordinates.
 */
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { AskOptions, BuildRequest } from "./brokerRequests.ts"
import type { ClusterClient } from "./clusterClient.ts"
import { findCoordinator } from "./groupDescription.ts"
import { type Api, protocolRequest } from "./kafkajsInternals.ts"

/** A join may be pending for long, and a commit waits for replicas: neither may delay the other requests. */
const purposes = ["join", "heartbeat", "commit"] as const
export type Purpose = (typeof purposes)[number]

/** Whether the coordinator no longer counts this client as a member of that generation. */
export const isLost = ({ reason }: TransportError): boolean =>
  reason._tag === "Unavailable" && ["ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"].includes(reason.code)

/** Whether the generation of the request has ended, or is about to end. */
export const isOver = (error: TransportError): boolean =>
  isLost(error) || (error.reason._tag === "Unavailable" && error.reason.code === "REBALANCE_IN_PROGRESS")

export class Coordinator {
  readonly #client: ClusterClient
  readonly #groupId: string
  readonly #member: string
  #nodeId: number | undefined

  /** `member` is part of the connections' names, because a process may have several members. */
  constructor(client: ClusterClient, groupId: string, member: string) {
    this.#client = client
    this.#groupId = groupId
    this.#member = member
  }

  /** The next request looks the coordinator up again. */
  readonly forget: Effect.Effect<void> = Effect.sync(() => {
    this.#nodeId = undefined
  })

  /** Sends a request in the newest version that kafkajs and the coordinator know. */
  ask<A extends object>(
    purpose: Purpose,
    api: Api,
    payload: object,
    options: AskOptions = {}
  ): Effect.Effect<A, TransportError> {
    return this.send(purpose, api, (versions) => protocolRequest(versions, api, payload), options)
  }

  send<A extends object>(
    purpose: Purpose,
    api: Api,
    build: BuildRequest,
    options: AskOptions = {}
  ): Effect.Effect<A, TransportError> {
    const client = this.#client
    return Effect.suspend(() => (this.#nodeId === undefined ? this.#find() : Effect.succeed(this.#nodeId))).pipe(
      Effect.flatMap((nodeId) => client.connect(nodeId, `${purpose} ${this.#member}`)),
      Effect.flatMap((connection) => client.ask<A>(connection, `${api} of group ${this.#groupId}`, build, options)),
      Effect.tapError(() => this.forget)
    )
  }

  /** Fails on an error code. Unless the code ends the membership, another coordinator may answer differently: it is looked up. */
  check(code: number, topic?: string): Effect.Effect<void, TransportError> {
    return Effect.tapError(this.#client.failOnCode(code, topic), (error) => (isOver(error) ? Effect.void : this.forget))
  }

  /** Ends its connections. */
  release(): void {
    for (const purpose of purposes) this.#client.release(`${purpose} ${this.#member}`)
  }

  #find(): Effect.Effect<number, TransportError> {
    return Effect.map(findCoordinator(this.#client, this.#groupId), (found) => (this.#nodeId = found))
  }
}
