/**
 * A broker as one client knows it: its address, its connections by purpose, and whether it is suspected to be gone.
 */
import { because, type TransportError, Unreachable } from "../../kafka/TransportError.ts"
import { BrokerConnection, type ConnectionSetup } from "./brokerConnection.ts"

export class BrokerNode {
  readonly host: string
  readonly port: number
  /** -1 while it is known from the bootstrap list only. */
  nodeId: number
  /** When it fell silent or became unreachable, on the monotonic clock; undefined while it is trusted. */
  suspectedSince: number | undefined
  /** Why it is suspected. */
  suspicion = ""
  /** A ping is under way. */
  isDoubted = false
  /** When its last ping ended, on the monotonic clock. */
  provenAt = Number.NEGATIVE_INFINITY
  readonly #setup: ConnectionSetup
  readonly #connections = new Map<string, BrokerConnection>()

  constructor(setup: ConnectionSetup, host: string, port: number, nodeId: number) {
    this.#setup = setup
    this.host = host
    this.port = port
    this.nodeId = nodeId
  }

  get address(): string {
    return `${this.host}:${this.port}`
  }

  /** For log lines. */
  get name(): string {
    return this.nodeId < 0 ? `the broker at ${this.address}` : `broker ${this.nodeId} at ${this.address}`
  }

  get isOpen(): boolean {
    return [...this.#connections.values()].some(({ isOpen }) => isOpen)
  }

  /** How long it has owed an answer, or a connection. */
  get owedMillis(): number {
    let most = 0
    for (const { owedMillis } of this.#connections.values()) most = Math.max(most, owedMillis)
    return most
  }

  /** The failure of every request to it while it is suspected; undefined while it is trusted. */
  get refusal(): TransportError | undefined {
    if (this.suspectedSince === undefined) return undefined
    return because(new Unreachable({ brokers: [this.address], detail: this.suspicion }))
  }

  connection(purpose: string): BrokerConnection {
    let found = this.#connections.get(purpose)
    if (found === undefined) {
      found = this.fresh()
      this.#connections.set(purpose, found)
    }
    return found
  }

  /** A connection that this broker does not keep: the caller has to end it. */
  fresh(): BrokerConnection {
    const { address, host, nodeId, port } = this
    return new BrokerConnection(this.#setup, { address, host, nodeId, port })
  }

  /** Ends the connection of one purpose for good. */
  release(purpose: string): void {
    this.#connections.get(purpose)?.cut("it is not needed any more")
    this.#connections.delete(purpose)
  }

  /** Ends all sockets; they are opened again when needed. */
  cut(reason: string): void {
    for (const connection of this.#connections.values()) connection.cut(reason)
  }
}
