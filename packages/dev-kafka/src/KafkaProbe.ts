/**
 * Asks one broker one question of the Kafka protocol. An open port proves nothing: a paused broker accepts connections
 * too.
 */
import { connect } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { inRealTime } from "./internal/liveClock.ts"
import { answerLength, type ClusterMetadata, metadataRequest, readMetadata } from "./internal/metadataProtocol.ts"

export type { ClusterBroker, ClusterMetadata, ClusterTopic } from "./internal/metadataProtocol.ts"

/**
 * Nothing there speaks Kafka: `refused` when nothing listens, `silent` when something listens and does not answer in
 * time, `foreign` when it answers something else or hangs up.
 */
export class ProbeFailed extends Schema.TaggedError<ProbeFailed>(
  "@kafka-request-reply/dev-kafka/KafkaProbe/ProbeFailed"
)("ProbeFailed", {
  address: Schema.String,
  kind: Schema.Literals(["refused", "silent", "foreign"]),
  detail: Schema.String
}) {
  override get message() {
    return `${this.address}: ${this.detail}`
  }
}

/** Splits `host:port`; an IPv6 host may stand in brackets. */
export const parseAddress = (address: string): { readonly host: string; readonly port: number } => {
  const colon = address.lastIndexOf(":")
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) }
}

/** A dev cluster's answer has some kilobytes; text read as a length prefix says more than a gigabyte. */
const longestAnswer = 64 * 1024 * 1024

/** Errors of a connection that somebody accepted; they can come before the event that tells of the connection. */
const hungUp = new Set(["ECONNRESET", "EPIPE"])

const ask = (address: string) =>
  Effect.callback<ClusterMetadata, ProbeFailed>((resume) => {
    const fail = (kind: ProbeFailed["kind"], detail: string) =>
      resume(Effect.fail(new ProbeFailed({ address, kind, detail })))
    const socket = connect({ ...parseAddress(address), noDelay: true })
    let received: Buffer = Buffer.alloc(0)
    socket.on("connect", () => socket.write(metadataRequest()))
    socket.on("error", (error: NodeJS.ErrnoException) =>
      fail(hungUp.has(error.code ?? "") ? "foreign" : "refused", error.message || "connection refused")
    )
    socket.on("close", () => fail("foreign", "the connection was closed without an answer"))
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk])
      const length = answerLength(received)
      if (length === undefined || (received.length < length && length <= longestAnswer)) return
      try {
        resume(Effect.succeed(readMetadata(received)))
      } catch (error) {
        fail("foreign", String(error))
      }
      socket.destroy()
    })
    return Effect.sync(() => socket.destroy())
  })

/** What the broker at `address` (`host:port`) knows of its cluster; fails after `timeout`, 2 s by default. */
export const probe = (
  address: string,
  timeout: Duration.Input = "2 seconds"
): Effect.Effect<ClusterMetadata, ProbeFailed> =>
  ask(address).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        Effect.fail(
          new ProbeFailed({
            address,
            kind: "silent",
            detail: `no answer within ${Duration.format(Duration.fromInputUnsafe(timeout))}`
          })
        )
    }),
    inRealTime
  )
