/**
 * Tells the program's `onAnswered` of requests that ended; nothing is made for it when there is none.
 */
import type { Options } from "../Options.ts"
import type { ConsumedRecord } from "../../kafka/KafkaRecord.ts"

export type Listener = (
  operation: string,
  attempt: number,
  record: ConsumedRecord,
  outcome: string,
  millis: number
) => void

/** `onFailed` is told when the listener throws: that must neither keep a caller from its answer nor an offset open. */
export const make = (onAnswered: Options["onAnswered"], onFailed: (cause: unknown) => void): Listener =>
  onAnswered === undefined
    ? () => {}
    : (operation, attempt, record, outcome, millis) => {
        const key = record.key === null ? undefined : Buffer.from(record.key).toString("utf8")
        const { offset, partition } = record
        try {
          onAnswered({ operation, key, outcome, millis, attempt, partition, offset })
        } catch (cause) {
          onFailed(cause)
        }
      }
