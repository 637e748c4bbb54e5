/**
 * The bootstrap list: as text, `host:port,host:port`, and as the option of the transport.
 */
import * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import type { Rule } from "../settings/OptionRules.ts"

const maxPort = 65_535

/** What is wrong with one entry, or undefined. kafkajs splits at the first colon, hence no IPv6 literals. */
const entryRefusal = (entry: string): string | undefined => {
  const [host = "", port = "", ...rest] = entry.split(":")
  if (entry === "") return "an entry is empty"
  if (rest.length > 0) return `"${entry}" has more than one colon (IPv6 addresses need a host name)`
  if (!/^[^\s/]+$/.test(host)) return `"${entry}" has no valid host`
  if (!/^\d+$/.test(port)) return `"${entry}" has no port`
  return Number(port) >= 1 && Number(port) <= maxPort ? undefined : `"${entry}" has no valid port`
}

const entriesOf = (text: string): ReadonlyArray<string> => text.split(",").map((entry) => entry.trim())

/** Says what is wrong with a list, or undefined when it is fine. */
export const refusalOf = (text: string): string | undefined => {
  const found = entriesOf(text)
    .map(entryRefusal)
    .find((refusal) => refusal !== undefined)
  return found && `expected host:port, separated by commas: ${found}`
}

/** What the option takes: entries as they are, for nothing trims or splits them any more. */
export const rule: Rule = {
  accepts: "a list of host:port, at least one",
  isMet: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((entry) => typeof entry === "string" && entryRefusal(entry) === undefined)
}

/** The list under the given name, e.g. an environment variable; the error names the variable and the wrong entry. */
export const config = (name: string): Config.Config<ReadonlyArray<string>> =>
  Config.schema(
    Schema.String.check(
      Schema.makeFilter((text) => {
        const found = refusalOf(text)
        return found === undefined ? undefined : `${name}: ${found}`
      })
    ),
    name
  ).pipe(Config.map(entriesOf))
