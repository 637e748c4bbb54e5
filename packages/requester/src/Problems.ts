/**
 * What is wrong with a JSON value, in words for the person who wrote it.
 */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const longest = 60
const format = SchemaIssue.makeFormatterStandardSchemaV1()

const at = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value
  )

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}

/** Every problem with the value, separated by semicolons: `sku is "x", expected a SKU: …; quantity is missing`. */
export const describe = (error: Schema.SchemaError, value: unknown): string =>
  format(error.issue)
    .issues.map(({ message, path = [] }) => {
      const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment))
      if (message === "Missing key") return `${keys.join(".")} is missing`
      const subject = keys.length === 0 ? "it" : keys.join(".")
      return `${subject} is ${shown(at(value, keys))}, ${message.charAt(0).toLowerCase()}${message.slice(1)}`
    })
    .join("; ")
