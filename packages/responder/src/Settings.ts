/**
 * Every setting of the responder, by the name of its environment variable. Wrong values end the start with a message.
 */
import { fileURLToPath } from "node:url"
import type * as Effect from "effect/Effect"
import * as Setting from "@kafka-request-reply/program/Setting"

const bundled = fileURLToPath(new URL("../data/catalogue.csv", import.meta.url))

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
  /** The file stock and reservations are kept in; responders of one machine share it. */
  database: Setting.text("INVENTORY_DATABASE", ".data/inventory.sqlite", "the path of a file"),
  /** The articles an empty database is filled with: CSV with the columns sku,name,available. */
  catalogue: Setting.text("INVENTORY_CATALOGUE", bundled, "the path of a CSV file"),
  /** Requests worked on at one time. */
  concurrency: Setting.whole("RESPONDER_CONCURRENCY", 256, 1, 10_000),
  /** How long a stop waits for requests in work; Kubernetes kills after 30 seconds. */
  drainTimeout: Setting.duration("RESPONDER_DRAIN_TIMEOUT", "25 seconds", "0 seconds", "10 minutes"),
  /** Lines about single requests per second; the rest of a second is summed up in one. 0 leaves only the sums. */
  linesPerSecond: Setting.whole("RESPONDER_LINES_PER_SECOND", 10, 0, 1_000_000),
  /** `text` for people, `json` for collectors. */
  logFormat: Setting.oneOf("LOG_FORMAT", "text", ["text", "json"]),
  logLevel: Setting.oneOf("LOG_LEVEL", "Info", ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"])
}

export const read = Setting.readAll(settings)
export type Settings = Effect.Success<typeof read>
