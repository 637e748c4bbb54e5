/**
 * The document about operations names every option and every metric there is, and none that is not.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defaults as clientDefaults } from "../../src/kafkajs/internal/clientSettings.ts"
import * as RequesterOptions from "../../src/requester/Options.ts"
import * as ResponderOptions from "../../src/responder/Options.ts"
import * as PublisherMetrics from "../../src/telemetry/PublisherMetrics.ts"
import * as DriverMetrics from "../../src/telemetry/DriverMetrics.ts"
import * as RequesterMetrics from "../../src/telemetry/RequesterMetrics.ts"
import * as ResponderMetrics from "../../src/telemetry/ResponderMetrics.ts"
import * as PublisherOptions from "../../src/publisher/PublisherOptions.ts"

const document = readFileSync(fileURLToPath(new URL("../../../../docs/operations.md", import.meta.url)), "utf8")

/** What stands in the first column of the table below a heading. */
const namedUnder = (heading: string): ReadonlyArray<string> => {
  const [, section = ""] = document.split(`# ${heading}\n`)
  const rows = section.split(/^#/m)[0]!.split("\n").slice(0, -1)
  return rows
    .filter((row) => row.startsWith("|"))
    .flatMap((row) => Array.from(row.split("|")[1]!.matchAll(/`([^`]+)`/g), ([, name]) => name!))
    .toSorted()
}

describe("docs/operations.md", () => {
  it.each([
    ["Requester", RequesterOptions.defaults],
    ["Responder", ResponderOptions.defaults],
    ["Transport over kafkajs", { brokers: [], clientId: "", ssl: undefined, sasl: undefined, ...clientDefaults }],
    ["Publisher", PublisherOptions.defaults]
  ])("names every option of the %s", (heading, defaults) => {
    assert.deepStrictEqual(namedUnder(heading), Object.keys(defaults).toSorted())
  })

  it("names every metric", () => {
    const metrics = [DriverMetrics, PublisherMetrics, RequesterMetrics, ResponderMetrics].flatMap((all) =>
      Object.values(all)
    )
    assert.deepStrictEqual(namedUnder("Metrics"), metrics.map(({ id }) => id).toSorted())
  })
})
