/**
 * Ports that are not in use, below the range that the system hands to outgoing connections: while a broker is down, a
 * client that keeps connecting to a port of that range can end up connected to itself and hold the port.
 */
import { createServer } from "node:net"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

const range = { from: 20_000, to: 32_000 }

/** True when the port can be bound now. */
export const isFree = (port: number, host: string): Effect.Effect<boolean> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", () => resume(Effect.succeed(false)))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resume(Effect.succeed(true))))
  })

/** `count` different free ports. They are not reserved: another process may take one before it is bound. */
export const freePorts = Effect.fnUntraced(function* (count: number, host: string) {
  const found = new Set<number>()
  while (found.size < count) {
    const port = yield* Random.nextIntBetween(range.from, range.to)
    if (yield* isFree(port, host)) found.add(port)
  }
  return Array.from(found)
})
