/**
 * The examples of all public modules: they compile under the project's strict options, and run.
 */
import { execFile, execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { afterAll, assert, describe, it } from "@effect/vitest"

const here = fileURLToPath(new URL(".", import.meta.url))
const core = fileURLToPath(new URL("../..", import.meta.url))
const root = fileURLToPath(new URL("../../../..", import.meta.url))

const { exports } = JSON.parse(readFileSync(`${core}/package.json`, "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly source?: string }>>
}

/** The examples in the header of each public module. */
const examples = Object.entries(exports).flatMap(([name, { source }]) => {
  if (source === undefined) return []
  const text = readFileSync(`${core}/${source}`, "utf8")
  const header = text.slice(0, text.indexOf("*/")).replaceAll(/^ \* ?/gm, "")
  const blocks = Array.from(header.matchAll(/@example\n```ts\n([\s\S]*?)```/g), (match) => match[1]!)
  return [{ name: name === "." ? "index" : name.slice(2), blocks }]
})

// Inside the package, so that its own name and its dependencies resolve.
const folder = mkdtempSync(`${here}/example-`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fileOf = (name: string, index: number): string => `${folder}/${name}${index}.ts`
for (const { blocks, name } of examples) {
  for (const [index, code] of blocks.entries()) {
    // A module of its own even when it exports nothing.
    writeFileSync(fileOf(name, index), `${code}\nexport {}\n`)
  }
}

describe("the examples of public modules", () => {
  it("are in every one", () => {
    assert.deepStrictEqual(
      examples.filter(({ blocks }) => blocks.length === 0).map(({ name }) => name),
      []
    )
  })

  it("compile under the strict options", () => {
    const compilerOptions = { noEmit: true, composite: false, allowImportingTsExtensions: true, noUnusedLocals: false }
    const config = { extends: `${root}/tsconfig.base.json`, compilerOptions, include: ["*.ts"] }
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config))
    let output = ""
    try {
      execFileSync(`${root}/node_modules/.bin/tsc`, ["-p", folder], { encoding: "utf8" })
    } catch (error) {
      output = (error as { readonly stdout: string }).stdout
    }
    assert.strictEqual(output, "")
  }, 60_000)

  it("run", async () => {
    const files = examples.flatMap(({ blocks, name }) => Array.from(blocks.keys(), (index) => fileOf(name, index)))
    // One process for all, since most of its time is loading; a failure names the example in its stack.
    writeFileSync(`${folder}/all.mjs`, files.map((file) => `await import(${JSON.stringify(file)})\n`).join(""))
    const options = ["--conditions=source", "--unhandled-rejections=strict", `${folder}/all.mjs`]
    const { stderr } = await promisify(execFile)(process.execPath, options)
    assert.strictEqual(stderr, "")
  }, 60_000)
})
