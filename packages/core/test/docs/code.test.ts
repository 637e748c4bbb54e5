/**
 * The TypeScript in the documents: every block compiles under the project's strict options, after those before it in its
 * document, and runs where it needs no broker.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** What a document's words say is there. */
const preludes: Readonly<Record<string, string>> = {
  "docs/delivery.md": [
    `import * as Effect from "effect/Effect"`,
    `import { RequestError } from "@kafka-request-reply/core/RequestError"`,
    `const call: Effect.Effect<string, RequestError> = Effect.succeed("done")`,
    ""
  ].join("\n")
}

const markdownIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(`${root}/${folder}`)
    .filter((name) => name.endsWith(".md") && name !== "CHANGELOG.md")
    .map((name) => (folder === "" ? name : `${folder}/${name}`))

const packageNames = readdirSync(`${root}/packages`).filter((name) =>
  existsSync(`${root}/packages/${name}/package.json`)
)

/** Whose names a document's code imports: its own package's, else core's. */
const packageOf = (path: string): string => /^packages\/([^/]+)\//.exec(path)?.[1] ?? "core"

const documents = ["", "docs", "docs/adr", ...packageNames.map((name) => `packages/${name}`)]
  .flatMap(markdownIn)
  .map((path) => {
    const text = readFileSync(`${root}/${path}`, "utf8")
    const blocks = Array.from(text.matchAll(/```ts\n([\s\S]*?)```/g), ([, code]) => code!)
    return { path, code: `${preludes[path] ?? ""}${blocks.join("\n")}\nexport {}\n`, count: blocks.length }
  })
  .filter(({ count }) => count > 0)

// Inside the package, so that its own name and its dependencies resolve.
const folders = new Map(
  [...new Set(documents.map(({ path }) => packageOf(path)))].map((name) => [
    name,
    mkdtempSync(`${root}/packages/${name}/documents-`)
  ])
)
afterAll(() => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true })
})

const fileOf = (path: string): string =>
  `${folders.get(packageOf(path))}/${path.replaceAll(/\W/g, "-").toLowerCase()}.ts`
for (const { code, path } of documents) writeFileSync(fileOf(path), code)

const errorsOf = (command: string, args: ReadonlyArray<string>): string => {
  try {
    execFileSync(command, args, { encoding: "utf8", stdio: "pipe" })
    return ""
  } catch (error) {
    const { stderr, stdout } = error as { readonly stdout: string; readonly stderr: string }
    return `${stdout}${stderr}`
  }
}

describe("the code in documents", () => {
  it("is in those that show some", () => {
    assert.includeMembers(
      documents.map(({ path }) => path),
      ["README.md", "docs/delivery.md", "packages/core/README.md", "packages/contracts/README.md"]
    )
  })

  it("compiles under the strict options", () => {
    for (const folder of folders.values()) {
      const compilerOptions = {
        noEmit: true,
        composite: false,
        allowImportingTsExtensions: true,
        noUnusedLocals: false
      }
      const config = { extends: `${root}/tsconfig.base.json`, compilerOptions, include: ["*.ts"] }
      writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config))
      assert.strictEqual(errorsOf(`${root}/node_modules/.bin/tsc`, ["-p", folder]), "")
    }
  }, 60_000)

  it("runs where it needs no broker", () => {
    const alone = documents.filter(({ code }) => !code.includes("localhost:9092"))
    assert.isNotEmpty(alone)
    for (const { path } of alone)
      assert.strictEqual(errorsOf(process.execPath, ["--conditions=source", fileOf(path)]), "")
  }, 60_000)
})
