/**
 * Every setting of the requester, by the name of its environment variable. Flags of the command line come before them.
 */
import * as Setting from "@kafka-request-reply/program/Setting"
import type * as Effect from "effect/Effect"

const namePattern = /^[A-Za-z0-9._-]{1,100}$/

export const settings = {
  /** Where Kafka is; one broker that answers is enough. */
  brokers: Setting.addresses("KAFKA_BROKERS", "localhost:9092"),
  /** Names the topics and the group, so that several inventories can share one Kafka; the same in both programs. */
  name: Setting.matching(
    "INVENTORY_NAME",
    "inventory",
    "1 to 100 letters, digits, dots, dashes and underscores",
    namePattern
  ),
  /** `create` makes the contract's topics where they are missing, `verify` ends the start without them. */
  topics: Setting.oneOf("KAFKA_TOPICS", "create", ["create", "verify"]),
  /** Partitions of topics made here: that many responders can share the work. */
  partitions: Setting.whole("KAFKA_PARTITIONS", 6, 1, 1000),
  /** Orders under way at one time; `--concurrency` comes first. */
  concurrency: Setting.whole("REQUESTER_CONCURRENCY", 64, 1, 10_000),
  /** How long a call waits for its answer; `--timeout` comes first. Long enough for a responder that is started later. */
  timeout: Setting.duration("REQUESTER_TIMEOUT", "30 seconds", "1 ms", "5 minutes"),
  /** How long a stop waits for the answers of calls under way. */
  drainTimeout: Setting.duration("REQUESTER_DRAIN_TIMEOUT", "3 seconds", "0 seconds", "10 minutes"),
  /** Lines about single calls per second; the rest of a second is summed up in one. 0 leaves only the sums. */
  linesPerSecond: Setting.whole("REQUESTER_LINES_PER_SECOND", 10, 0, 1_000_000),
  /** `text` for people, `json` for collectors; on standard error. */
  logFormat: Setting.oneOf("LOG_FORMAT", "text", ["text", "json"]),
  logLevel: Setting.oneOf("LOG_LEVEL", "Info", ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"])
}

export const read = Setting.readAll(settings)
export type Settings = Effect.Success<typeof read>
