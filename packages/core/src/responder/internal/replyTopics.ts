/**
 * What is known of the topics that replies go to: whether they exist, and whether their records need a key. Each is looked
 * at once, before its first reply is written; replies wait for the look, which is bounded.
 */
import type { Topics } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import * as Effect from "effect/Effect"

/** What a look has found. */
export interface Looked {
  readonly needsKey: boolean
  /** Why replies will not arrive, as far as that is known. */
  readonly trouble: string | undefined
}

const unknown: Looked = { needsKey: false, trouble: undefined }

const lookMillis = 2_000

/** Looks at a topic. What cannot be found out (a right is missing, a broker is slow) is left to the first write. */
export const look = (topics: Topics, topic: string): Effect.Effect<Looked> =>
  Effect.gen(function* () {
    const [found] = yield* topics.describe([topic])
    if (found === undefined) {
      return {
        needsKey: false,
        trouble: `topic ${topic} does not exist; create it, or let the requester create its topics`
      }
    }
    const { "cleanup.policy": policy = "" } = yield* topics.configs(topic, ["cleanup.policy"])
    return { needsKey: policy.split(",").some((one) => one.trim() === "compact"), trouble: undefined }
  }).pipe(
    Effect.timeoutOrElse({ duration: lookMillis, orElse: () => Effect.succeed(unknown) }),
    Effect.catchCause((cause) =>
      Effect.as(Effect.logDebug(`the reply topic ${topic} could not be looked at`, cause), unknown)
    )
  )

/** What is to be done about a reply that was refused, in words. */
export const adviceOf = ({ reason }: TransportError, topic: string): string => {
  switch (reason._tag) {
    case "NotAuthorized":
      return `grant this responder Write on topic ${topic}`
    case "NoSuchTopic":
    case "NoSuchPartition":
      return `create topic ${topic} with the partitions that requesters name, or let them create it`
    case "TooLarge":
      return `raise max.message.bytes of topic ${topic}, or lower maxReplyBytes`
    case "Refused":
      return `look at the settings of topic ${topic} (cleanup.policy, message.timestamp.*) and at this host's clock`
    default:
      return `look at topic ${topic} and its brokers (min.insync.replicas, leaders)`
  }
}
