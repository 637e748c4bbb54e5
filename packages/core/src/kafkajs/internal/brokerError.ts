/**
 * What the error codes in a broker's answer mean.
 */
import { because, type TransportError, Unavailable } from "../../kafka/TransportError.ts"
import { classifyError } from "../classifyError.ts"
import { createErrorFromCode } from "./kafkajsInternals.ts"

/** Codes that kafkajs does not know: the topic was deleted and created again. */
const unknownTopicIds = new Map([
  [100, "UNKNOWN_TOPIC_ID"],
  [103, "INCONSISTENT_TOPIC_ID"]
])

/** The error of a code other than 0. */
export const errorOfCode = (code: number, brokers: ReadonlyArray<string>, topic?: string): TransportError => {
  const id = unknownTopicIds.get(code)
  return id === undefined
    ? classifyError(createErrorFromCode(code), { brokers, topic })
    : because(new Unavailable({ code: id, detail: topic ?? "" }))
}
