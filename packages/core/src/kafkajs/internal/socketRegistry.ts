/**
 * Opens the sockets of one client and keeps track of them, so that those of a silent broker can be cut and no socket outlives
 * the client.
 *
 * kafkajs keeps a connection after a request timed out on it, and its `disconnect` waits for pending requests
 * (docs/adr/0002). A socket is therefore always destroyed *with an error*: only then does kafkajs reject the pending requests
 * and stop its timers.
 */
import { connect, isIP, type Socket } from "node:net"
import { connect as connectTls, type ConnectionOptions } from "node:tls"

export interface SocketRequest {
  readonly host: string
  readonly port: number
  readonly ssl?: ConnectionOptions | undefined
  readonly onConnect: () => void
}

const keepAliveDelayMillis = 10_000

export class SocketRegistry {
  readonly #sockets = new Map<string, Set<Socket>>()
  #isClosed = false

  get size(): number {
    let size = 0
    for (const sockets of this.#sockets.values()) size += sockets.size
    return size
  }

  /** kafkajs' `socketFactory`. Nagle is off: requests are pipelined, and their tails must not wait for an ACK. */
  readonly open = ({ host, onConnect, port, ssl }: SocketRequest): Socket => {
    if (this.#isClosed) throw new Error("the client is closed")
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveDelayMillis)
    const address = `${host}:${port}`
    const sockets = this.#sockets.get(address) ?? new Set()
    this.#sockets.set(address, sockets.add(socket))
    socket.once("close", () => {
      // H5: kafkajs "disconnects" a dead socket again with every failed try, and each `unref` leaves a listener.
      socket.unref = () => socket
      sockets.delete(socket)
      if (sockets.size === 0 && this.#sockets.get(address) === sockets) this.#sockets.delete(address)
    })
    return socket
  }

  /** Destroys the sockets to one broker (`host:port`), or all of them. */
  cut(reason: string, address?: string): void {
    for (const [known, sockets] of this.#sockets) {
      if (address !== undefined && known !== address) continue
      for (const socket of sockets) socket.destroy(new Error(reason))
    }
  }

  /** Destroys all sockets and refuses new ones: kafkajs' retries would open them. */
  close(): void {
    this.#isClosed = true
    this.cut("the client is closed")
  }
}
