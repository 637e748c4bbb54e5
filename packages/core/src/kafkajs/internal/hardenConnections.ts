/**
 * Repairs, per client and without touching kafkajs' prototypes, what its connections do wrong.
 *
 *   H1  a timer of 1 ms per connection, for ever: the check for throttled requests re-arms itself even when nothing waits
 *   H2  concurrent first requests each open a socket, and all but one are lost
 *   H3  a socket that did not connect in time is left connecting; its late error then ends the live connection
 *   H4  metadata fails as a whole when one topic of many is missing or has no leader
 *   H5  see `socketRegistry.ts`
 *   H6  what came of an answer before its socket was lost is kept, and taken for the beginning of the next socket's first
 *   H7  a broker that is silent is asked for metadata again and again, because it is the one that is connected
 */
import {
  ask,
  type Broker,
  type BrokerPool,
  type Connection,
  Encoder,
  type Metadata,
  protocolRequest,
  type ProtocolRequest,
  shuffle,
  withBody
} from "./kafkajsInternals.ts"

// Of the length that precedes every answer.
const int32Bytes = 4

/** H6: without it the connection is out of step for good, whatever socket it opens. */
const forgetHalfAnAnswer = (connection: Connection): void => {
  connection.chunks = []
  connection.bytesBuffered = 0
  connection.bytesNeeded = int32Bytes
}

/** H1, H2, H3 and H6, for one connection. */
export const hardenConnection = (connection: Connection): void => {
  const queue = connection.requestQueue
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }

  const connect = connection.connect.bind(connection)
  let connecting: Promise<unknown> | undefined
  connection.connect = () => {
    if (connecting === undefined && !connection.isConnected()) forgetHalfAnAnswer(connection)
    connecting ??= connect()
      .catch((error: unknown) => {
        connection.socket?.destroy()
        throw error
      })
      .finally(() => {
        connecting = undefined
      })
    return connecting
  }
}

/** Asks for exactly these topics (kafkajs asks for all when the list is empty), and creates none. */
const metadataRequest = (protocol: ProtocolRequest, topics: ReadonlyArray<string>): ProtocolRequest =>
  withBody(protocol, () => new Encoder().writeArray(topics).writeBoolean(false).buffer)

/**
 * Applies all repairs to what the pool will create. Must run before the pool connects. Gives the brokers that are being
 * asked for metadata, which kafkajs does not tell.
 */
export const hardenBrokerPool = (pool: BrokerPool): ReadonlySet<Broker> => {
  const asked = new Set<Broker>()
  let silent = new WeakSet<Broker>()
  const { connectionPoolBuilder, createBroker } = pool
  pool.connectionPoolBuilder = {
    build: async (options) => {
      const connections = await connectionPoolBuilder.build(options)
      for (const connection of connections.pool) hardenConnection(connection)
      return connections
    }
  }
  pool.createBroker = (options) => {
    const broker = createBroker(options)
    // H4: error codes stay in the metadata, where each topic's readers find them.
    broker.metadata = async (topics) => {
      asked.add(broker)
      try {
        const protocol = protocolRequest(broker, "Metadata", { topics })
        const metadata = await ask<Metadata>(broker, metadataRequest(protocol, topics))
        silent.delete(broker)
        return metadata
      } catch (error) {
        silent.add(broker)
        throw error
      } finally {
        asked.delete(broker)
      }
    }
    return broker
  }
  const findAny = pool.findConnectedBroker.bind(pool)
  pool.findConnectedBroker = async () => {
    const others = shuffle(Object.values(pool.brokers)).filter((broker) => !silent.has(broker))
    // All have been silent: each gets another chance.
    if (others.length === 0) silent = new WeakSet()
    const connected = others.find((broker) => broker.isConnected())
    if (connected !== undefined) return connected
    for (const { nodeId } of others) {
      try {
        return await pool.findBroker({ nodeId })
      } catch {
        // The next may be there.
      }
    }
    return findAny()
  }
  return asked
}
