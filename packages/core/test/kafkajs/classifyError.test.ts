import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import kafkajs from "kafkajs"
import { classifyError } from "../../src/kafkajs/classifyError.ts"
import { createErrorFromCode } from "../../src/kafkajs/internal/kafkajsInternals.ts"
import { because, TransportClosed, TransportError } from "../../src/kafka/TransportError.ts"

const brokers = ["a:9092", "b:9092"]

// The error classes are no named exports at run time, whatever the type declarations say.
const errors = kafkajs as unknown as Record<string, new (...args: ReadonlyArray<unknown>) => Error>
const make = (name: string, ...args: ReadonlyArray<unknown>): Error => new errors[name]!(...args)
const named = (name: string, fields: object = {}): Error => Object.assign(new Error("a message"), { name }, fields)
const coded = (code: string): Error => Object.assign(new Error("a message"), { code })

const unavailable = [-1, 1, 2, 5, 6, 8, 9, 13, 14, 15, 16, 19, 20, 22, 25, 27, 41, 56, 74, 75]
const refused = [12, 17, 21, 23, 24, 26, 32, 35, 37, 38, 40, 42, 44, 76, 87]
const notAuthorized = [29, 30, 31, 33, 34, 53, 58]

const table: ReadonlyArray<readonly [what: string, error: unknown, reason: string]> = [
  ...unavailable.map((code) => [`code ${code}`, createErrorFromCode(code), "Unavailable"] as const),
  ...refused.map((code) => [`code ${code}`, createErrorFromCode(code), "Refused"] as const),
  ...notAuthorized.map((code) => [`code ${code}`, createErrorFromCode(code), "NotAuthorized"] as const),
  ["code 3", createErrorFromCode(3), "NoSuchTopic"],
  ["code 7", createErrorFromCode(7), "NoAnswer"],
  ["code 10", createErrorFromCode(10), "TooLarge"],
  ["code 18", createErrorFromCode(18), "TooLarge"],
  ["a code newer than kafkajs", createErrorFromCode(110), "Unrecognised"],
  ["no connection", make("KafkaJSConnectionError", "refused", { broker: "c:1" }), "Unreachable"],
  ["a lost connection", make("KafkaJSConnectionClosedError", "closed", { host: "c", port: 1 }), "Unreachable"],
  ["no broker", named("KafkaJSNoBrokerAvailableError"), "Unreachable"],
  ["a request timeout", make("KafkaJSRequestTimeoutError", "timed out"), "NoAnswer"],
  ["a lock timeout", make("KafkaJSLockTimeout", "timed out"), "NoAnswer"],
  ["no coordinator", make("KafkaJSGroupCoordinatorNotFound", "none"), "Unavailable"],
  ["an unknown broker", make("KafkaJSBrokerNotFound", "none"), "Unavailable"],
  ["no metadata", make("KafkaJSMetadataNotLoaded", "none"), "Unavailable"],
  ["failed authentication", make("KafkaJSSASLAuthenticationError", "wrong"), "NotAuthorized"],
  ["an unknown codec", make("KafkaJSNotImplemented", "zstd"), "Refused"],
  ["an unknown API", make("KafkaJSServerDoesNotSupportApiKey", "no", {}), "Refused"],
  ["exhausted retries", make("KafkaJSNumberOfRetriesExceeded", createErrorFromCode(10), {}), "TooLarge"],
  ["a bail", make("KafkaJSNonRetriableError", "x", { cause: createErrorFromCode(29) }), "NotAuthorized"],
  ["an aggregate", named("KafkaJSAggregateError", { errors: [createErrorFromCode(37)] }), "Refused"],
  ["an aggregate of strangers", new AggregateError([coded("ECONNREFUSED")], "all failed"), "Unreachable"],
  ["a socket error", coded("ECONNRESET"), "Unreachable"],
  ["a closed transport", because(new TransportClosed()), "TransportClosed"],
  ["a bug", new TypeError("x is not a function"), "Unrecognised"],
  ["a string", "boom", "Unrecognised"],
  ["nothing", undefined, "Unrecognised"]
]

describe("classifyError", () => {
  it.each(table)("%s", (_what, error, reason) => {
    assert.strictEqual(classifyError(error, { brokers, topic: "orders" }).reason._tag, reason)
  })

  it.each(table)("%s is kept as the cause", (_what, error, reason) => {
    if (!(error instanceof Error) || error instanceof TransportError || reason === "NoSuchTopic") return
    const { cause } = classifyError(error, { brokers, topic: "orders" }).reason
    const chain = [error, error.cause, ...("errors" in error && Array.isArray(error.errors) ? error.errors : [])]
    assert.isTrue(chain.includes(cause))
  })

  it("names the broker that was lost, else the bootstrap list", () => {
    const lost = classifyError(make("KafkaJSConnectionError", "refused", { broker: "c:1" }), { brokers })
    assert.include(lost.message, "c:1")
    assert.include(classifyError(coded("ECONNREFUSED"), { brokers }).message, "a:9092, b:9092")
  })

  it("says why none of the addresses of a host answers", () => {
    const refused = make("KafkaJSConnectionError", `Connection error: ${new AggregateError([]).message}`, {
      broker: "localhost:1",
      code: "ECONNREFUSED"
    })
    assert.include(classifyError(refused, { brokers }).message, "(Connection error: ECONNREFUSED)")
  })

  it("does not call a topic missing that nobody named", () => {
    assert.strictEqual(classifyError(createErrorFromCode(3), { brokers }).reason._tag, "Unavailable")
  })

  it("calls nothing definitive that may have been written", () => {
    const unclear = [
      make("KafkaJSConnectionClosedError", "closed"),
      make("KafkaJSRequestTimeoutError", "x"),
      createErrorFromCode(20)
    ]
    for (const error of [...unclear, new Error("what is this")]) {
      assert.isFalse(classifyError(error, { brokers, topic: "orders" }).isDefinitive)
    }
  })

  it("ends for causes in a circle and for objects that throw", () => {
    const circle = named("KafkaJSNonRetriableError")
    circle.cause = circle
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("no")
        }
      }
    )
    for (const error of [circle, hostile]) {
      assert.strictEqual(classifyError(error, { brokers }).reason._tag, "Unrecognised")
    }
  })

  it.prop("is total", [Arbitrary.schema(Schema.Json)], ([value]) => {
    assert.instanceOf(classifyError(value, { brokers }), TransportError)
    assert.instanceOf(
      classifyError(Object.assign(new Error("x"), { cause: value, errors: value }), { brokers }),
      TransportError
    )
  })
})
