/**
 * The document about delivery names laws for every fault, and every law it names is there.
 */
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("../suites/requestReply", import.meta.url))
const document = readFileSync(fileURLToPath(new URL("../../../../docs/delivery.md", import.meta.url)), "utf8")

const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(`${folder}/${name}`, "utf8"))

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/** The names of the laws; those made for several cases match each of them. */
const laws = sources.flatMap((source) =>
  Array.from(source.matchAll(/\blaw\(\s*(["`])(.*?)\1,/g), ([, , name]) => {
    const parts = name!.split(/\$\{[^}]*\}/)
    return new RegExp(`^${parts.map(escaped).join(".+")}$`)
  })
)

/** The entries, one per heading of the third level, with the laws that each lists. */
const entries = document
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const [what = "", ...lines] = text.split(/^#/m)[0]!.split("\n")
    const listed = lines.slice(lines.indexOf("- **Laws:**") + 1)
    return { what, laws: listed.flatMap((line) => /^ {2}- `([^`]+)`$/.exec(line)?.[1] ?? []) }
  })

describe("docs/delivery.md", () => {
  it("names a law in every entry", () => {
    assert.isAbove(entries.length, 50)
    assert.deepStrictEqual(
      entries.filter((entry) => entry.laws.length === 0).map(({ what }) => what),
      []
    )
  })

  it("names laws that exist", () => {
    assert.isAbove(laws.length, 100)
    const missing = entries.flatMap((entry) => entry.laws).filter((name) => !laws.some((law) => law.test(name)))
    assert.deepStrictEqual(missing, [])
  })
})
