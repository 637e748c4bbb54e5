/**
 * The settings of one node of a KRaft cluster in combined mode (every node is broker and controller).
 *
 * What differs from Kafka's defaults, and why: replication factors that one node can satisfy; no waiting for further
 * group members; no topics by accident; few partitions of internal topics, and little memory for the log cleaner, so
 * that a start is quick and three nodes fit on a small machine; a short session, because a broker that was killed may
 * only come back when its session is over, and leaders move then. docker-compose.yml holds the same settings.
 */

export const host = "127.0.0.1"

export interface NodePorts {
  readonly broker: number
  readonly controller: number
}

/** Settings that do not depend on ports or folders. */
export const sharedSettings = (nodes: number): Readonly<Record<string, string>> => ({
  "auto.create.topics.enable": "false",
  "group.initial.rebalance.delay.ms": "0",
  "default.replication.factor": String(nodes),
  "offsets.topic.replication.factor": String(nodes),
  "offsets.topic.num.partitions": "4",
  "transaction.state.log.replication.factor": String(nodes),
  "transaction.state.log.min.isr": nodes > 1 ? "2" : "1",
  "transaction.state.log.num.partitions": "4",
  "share.coordinator.state.topic.replication.factor": String(nodes),
  "share.coordinator.state.topic.min.isr": nodes > 1 ? "2" : "1",
  "share.coordinator.state.topic.num.partitions": "4",
  "broker.session.timeout.ms": "4000",
  "broker.heartbeat.interval.ms": "500",
  "log.cleaner.dedupe.buffer.size": "8388608"
})

/** The text of `server.properties` for node `id` of the cluster that listens on `ports`, one entry per node. */
export const serverProperties = (options: {
  readonly id: number
  readonly ports: ReadonlyArray<NodePorts>
  readonly dataDir: string
  readonly settings: Readonly<Record<string, string>>
}): string => {
  const { broker, controller } = options.ports[options.id]!
  const all: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": String(options.id),
    "controller.quorum.voters": options.ports.map((ports, id) => `${id}@${host}:${ports.controller}`).join(","),
    listeners: `PLAINTEXT://${host}:${broker},CONTROLLER://${host}:${controller}`,
    "advertised.listeners": `PLAINTEXT://${host}:${broker}`,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": options.dataDir,
    ...sharedSettings(options.ports.length),
    ...options.settings
  }
  // Java's properties format takes a backslash as an escape.
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}\n`)
    .join("")
}
