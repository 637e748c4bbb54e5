/**
 * The document about delivery names a test for every row, and every test it names is there.
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

const rows = document
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  // A line of six cells starts and ends with a bar.
  .filter((cells) => cells.length === 8 && !cells[1]!.startsWith("---") && cells[6] !== "test")
  .map((cells) => ({ what: cells[1]!, tests: Array.from(cells[6]!.matchAll(/`([^`]+)`/g), ([, name]) => name!) }))

describe("docs/delivery.md", () => {
  it("names a test in every row", () => {
    assert.isAbove(rows.length, 50)
    assert.deepStrictEqual(
      rows.filter(({ tests }) => tests.length === 0).map(({ what }) => what),
      []
    )
  })

  it("names tests that exist", () => {
    assert.isAbove(laws.length, 100)
    const missing = rows.flatMap(({ tests }) => tests).filter((name) => !laws.some((law) => law.test(name)))
    assert.deepStrictEqual(missing, [])
  })
})
