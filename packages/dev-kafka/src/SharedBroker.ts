/**
 * The one broker that all integration tests of a test run share. Tests make topics and groups of their own in it and
 * never stop it; a test that stops brokers starts a `KafkaCluster` of its own.
 */
import { inject } from "vitest"
import type { KafkaBrokers } from "./internal/providedContext.ts"

const provided: KafkaBrokers = inject("kafkaBrokers")
if (provided === undefined) {
  throw new Error("there is no shared broker: it is started for files that end in .integration.test.ts only")
}

/** The bootstrap list of the shared broker, `host:port`. */
export const sharedBrokers: ReadonlyArray<string> = provided
