/**
 * The brokers of one cluster by their addresses: those of the bootstrap list, and those that the metadata names.
 */
import { BrokerNode } from "./brokerNode.ts"
import type { ConnectionSetup } from "./brokerConnection.ts"
import type { MetadataView } from "./metadataView.ts"

// Connected brokers come first, suspected ones last: those are asked only for the error that says why they failed.
const rank = (node: BrokerNode): number => {
  if (node.suspectedSince !== undefined) return 3
  if (node.isDoubted) return 2
  return node.isOpen ? 0 : 1
}

export class BrokerDirectory {
  readonly #setup: ConnectionSetup
  readonly #metadata: MetadataView
  readonly #nodes = new Map<string, BrokerNode>()
  readonly #bootstrap: ReadonlyArray<BrokerNode>
  #rotation = 0

  constructor(setup: ConnectionSetup, metadata: MetadataView) {
    this.#setup = setup
    this.#metadata = metadata
    this.#bootstrap = setup.settings.brokers.map((address) => {
      const colon = address.lastIndexOf(":")
      return this.#nodeAt(address.slice(0, colon), Number(address.slice(colon + 1)), -1)
    })
  }

  get all(): Iterable<BrokerNode> {
    return this.#nodes.values()
  }

  /** The broker with this id, if the cluster has it. */
  get(nodeId: number): BrokerNode | undefined {
    const found = this.#metadata.brokers.find((broker) => broker.nodeId === nodeId)
    return found && this.#nodeAt(found.host, found.port, nodeId)
  }

  /** Whether it is part of the cluster, or of the bootstrap list. */
  isKnown(node: BrokerNode): boolean {
    const isNamed = this.#metadata.brokers.some(({ host, port }) => node.host === host && node.port === port)
    return isNamed || this.#bootstrap.includes(node)
  }

  /** The brokers for a question that any of them can answer, the most promising first; equals take turns. */
  get candidates(): ReadonlyArray<BrokerNode> {
    const known = this.#metadata.brokers.map(({ host, nodeId, port }) => this.#nodeAt(host, port, nodeId))
    const first = known.length === 0 ? 0 : this.#rotation++ % known.length
    const others = this.#bootstrap.filter((node) => !known.includes(node))
    return [...known.slice(first), ...known.slice(0, first), ...others].toSorted((a, b) => rank(a) - rank(b))
  }

  /** Forgets brokers that have left the cluster, and fails their pending requests without waiting for answers. */
  forgetGone(): void {
    for (const { host, nodeId, port } of this.#metadata.brokers) this.#nodeAt(host, port, nodeId)
    for (const [address, node] of this.#nodes) {
      if (this.isKnown(node)) continue
      node.cut("it has left the cluster")
      this.#nodes.delete(address)
    }
  }

  #nodeAt(host: string, port: number, nodeId: number): BrokerNode {
    const address = `${host}:${port}`
    let node = this.#nodes.get(address)
    if (node === undefined) this.#nodes.set(address, (node = new BrokerNode(this.#setup, host, port, nodeId)))
    if (nodeId >= 0) node.nodeId = nodeId
    return node
  }
}
