/**
 * Where a value does not fit its schema, and what is expected there, in words for the people who wrote the value.
 *
 * Everything is bounded, since values can be of any size. Of values themselves only numbers and the like are quoted: texts
 * may be long or secret, and what is expected to be `Redacted`, or is, is never quoted.
 */
import * as Redacted from "effect/Redacted"
import * as SchemaIssue from "effect/SchemaIssue"

/** One place that does not fit. */
export interface Misfit {
  /** As in JavaScript: `payload.lines[2].quantity`. */
  readonly path: string
  readonly expected: string
}

export interface Misfits {
  /** The first of them. */
  readonly issues: ReadonlyArray<Misfit>
  readonly text: string
}

const maxIssues = 5
const maxLength = 200
const maxKeys = 20

const shorten = (text: string): string => (text.length <= maxLength ? text : `${text.slice(0, maxLength)}…`)

/** One step of a path. */
export const step = (key: PropertyKey): string => {
  if (typeof key === "number") return `[${key}]`
  if (typeof key === "symbol") return `[${shorten(String(key))}]`
  return /^[A-Za-z_$][\w$]{0,99}$/.test(key) ? `.${key}` : `[${shorten(JSON.stringify(key))}]`
}

const pathOf = (root: string, keys: ReadonlyArray<PropertyKey>): string => {
  const shown = keys.slice(0, maxKeys).map(step).join("")
  return `${root}${shown}${keys.length > maxKeys ? "…" : ""}`
}

/** What is at a place of a value, as far as it may be told; undefined when it is not to be told. */
const givenAt = (value: unknown, keys: ReadonlyArray<PropertyKey>): string | undefined => {
  let found = value
  for (const key of keys) {
    if (typeof found !== "object" || found === null || Redacted.isRedacted(found)) return undefined
    if (!(key in found)) return undefined
    found = (found as Record<PropertyKey, unknown>)[key]
  }
  if (typeof found === "number" || typeof found === "boolean" || found === null || found === undefined) {
    return Object.is(found, -0) ? "-0" : String(found)
  }
  if (typeof found === "string") return found === "" ? "an empty text" : "a text"
  if (Redacted.isRedacted(found) || typeof found === "object") return Array.isArray(found) ? "an array" : undefined
  return `a ${typeof found}`
}

const toText = ({ expected, path }: Misfit, given: string | undefined): string =>
  expected === "a value"
    ? `${path} is missing`
    : `${path}: expected ${expected}${given === undefined ? "" : `, got ${given}`}`

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What an issue of a schema says of the value; `root` is the name of the value in paths. Never throws. */
export const misfitsOf = (root: string, value: unknown, issue: SchemaIssue.Issue): Misfits => {
  const found = format(issue).issues
  const told = found.slice(0, maxIssues).map(({ message, path = [] }) => {
    const keys = path.map((segment) => (typeof segment === "object" ? segment.key : segment))
    const isMissing = message === "Missing key"
    const expected = isMissing ? "a value" : shorten(message.replace(/^Expected /, ""))
    const misfit = { path: pathOf(root, keys), expected }
    // A message of the schema's author is a sentence of its own.
    if (!isMissing && !message.startsWith("Expected ")) return { misfit, text: `${misfit.path}: ${expected}` }
    let given: string | undefined
    try {
      given = expected.includes("Redacted") ? undefined : givenAt(value, keys)
    } catch {
      // A getter that throws.
    }
    return { misfit, text: toText(misfit, given) }
  })
  const more = found.length > told.length ? [`and ${found.length - told.length} more`] : []
  return { issues: told.map(({ misfit }) => misfit), text: [...told.map(({ text }) => text), ...more].join("; ") }
}
