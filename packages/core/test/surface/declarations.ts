/**
 * What the public modules declare, as text: from the declarations that the compiler writes, without comments.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"

const core = fileURLToPath(new URL("../..", import.meta.url))
const root = fileURLToPath(new URL("../../../..", import.meta.url))

/** Where the checked-in report is. */
export const reportFile = `${core}/api.txt`

/** One declaration file: its statements, and where the names it uses come from. */
interface Declarations {
  readonly statements: ReadonlyArray<string>
  /** By the local name: the module and the name there, `*` for all of it. */
  readonly imports: ReadonlyMap<string, { readonly path: string; readonly name: string }>
}

const statementsOf = (text: string): ReadonlyArray<string> =>
  text
    .replaceAll(/^\/\/#.*$/gm, "")
    .split(/\n(?=export |import |declare |interface |type |class |const |function )/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "" && statement !== "export {};")

const fromPattern = /^(import|export)\s+(?:type\s+)?(\*\s+as\s+\w+|\*|\{[\s\S]*\})\s+from\s+"([^"]+)";?$/

const namesIn = (clause: string): ReadonlyArray<readonly [name: string, local: string]> => {
  const whole = /^\*\s+as\s+(\w+)$/.exec(clause)
  if (whole !== null) return [["*", whole[1]!]]
  return clause
    .replaceAll(/[{}]/g, "")
    .split(",")
    .map((part) => part.trim().replace(/^type\s+/, ""))
    .filter((part) => part !== "")
    .map((part) => {
      const [name, local] = part.split(/\s+as\s+/)
      return [name!, local ?? name!] as const
    })
}

/** Declares the name, in a file of declarations. */
const declares = (statement: string, name: string): boolean =>
  new RegExp(`^(?:export )?(?:declare )?(?:abstract )?(?:const|class|interface|type|function) ${name}\\b`).test(
    statement
  )

/** What tells a declaration from all others: its file and its first line. */
const keyOf = ({ path, statement }: { readonly path: string; readonly statement: string }): string =>
  `${path} ${statement.trim().split("\n")[0]}`

export class Surface {
  readonly #folder: string
  readonly #files = new Map<string, Declarations>()
  readonly #doors: ReadonlyMap<string, string>

  constructor(folder: string, doors: ReadonlyMap<string, string>) {
    this.#folder = folder
    this.#doors = doors
  }

  read(path: string): Declarations {
    let found = this.#files.get(path)
    if (found === undefined) {
      const statements = statementsOf(readFileSync(`${this.#folder}/${path}`, "utf8"))
      const imports = new Map<string, { readonly path: string; readonly name: string }>()
      for (const statement of statements) {
        const match = fromPattern.exec(statement)
        if (match?.[1] !== "import" || !match[3]!.startsWith(".")) continue
        for (const [name, local] of namesIn(match[2]!)) imports.set(local, { path: this.target(path, match[3]!), name })
      }
      this.#files.set(path, (found = { statements, imports }))
    }
    return found
  }

  target(from: string, specifier: string): string {
    return posix.join(posix.dirname(from), specifier).replace(/\.(?:ts|js)$/, ".d.ts")
  }

  /** The statements of a public module, what it hands on from others in their place. */
  ownOf(path: string): ReadonlyArray<{ readonly path: string; readonly statement: string }> {
    return this.read(path).statements.flatMap((statement) => {
      const match = fromPattern.exec(statement)
      if (match === null) return [{ path, statement }]
      if (match[1] === "import") return []
      const target = this.target(path, match[3]!)
      if ([...this.#doors.values()].includes(target)) return [{ path, statement }]
      return namesIn(match[2]!).flatMap(([name, local]) =>
        name === "*"
          ? [
              { path, statement: `export namespace ${local}:` },
              ...this.ownOf(target).map((own) => ({ ...own, statement: `  ${own.statement.replaceAll("\n", "\n  ")}` }))
            ]
          : this.declaring(target, name)
      )
    })
  }

  declaring(path: string, name: string): ReadonlyArray<{ readonly path: string; readonly statement: string }> {
    const { statements } = this.read(path)
    const own = statements.filter((statement) => declares(statement, name))
    if (own.length > 0) return own.map((statement) => ({ path, statement }))
    return statements.flatMap((statement) => {
      const match = fromPattern.exec(statement)
      if (match === null || match[1] !== "export") return []
      const found = namesIn(match[2]!).find(([, local]) => local === name)
      return found === undefined || found[0] === "*" ? [] : this.declaring(this.target(path, match[3]!), found[0])
    })
  }

  /** Declarations that are mentioned, directly or by others, and that no public module exports, by module and name. */
  mentioned(
    exported: ReadonlyArray<{ readonly path: string; readonly statement: string }>
  ): ReadonlyMap<string, string> {
    const seen = new Set(exported.map(keyOf))
    const found = new Map<string, string>()
    const queue = [...exported]
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const { imports } = this.read(one.path)
      const used: Array<{ readonly path: string; readonly statement: string }> = []
      for (const [, name] of one.statement.matchAll(/\b([A-Za-z]\w*)\b/g)) {
        const from = imports.get(name!)
        if (from === undefined) used.push(...this.declaring(one.path, name!))
        else if (from.name !== "*") used.push(...this.declaring(from.path, from.name))
      }
      for (const [, space, name] of one.statement.matchAll(/\b([A-Z]\w*)\.(\w+)/g)) {
        const from = imports.get(space!)
        if (from?.name === "*") used.push(...this.declaring(from.path, name!))
      }
      for (const { path, statement } of used) {
        const key = keyOf({ path, statement })
        if (seen.has(key)) continue
        seen.add(key)
        queue.push({ path, statement })
        found.set(key, `// ${path}\n${statement}`)
      }
    }
    return found
  }
}

/** The public modules: by name the declaration file, under the folder of all declarations. */
export const doors = (): ReadonlyMap<string, string> => {
  const manifest = JSON.parse(readFileSync(`${core}/package.json`, "utf8")) as {
    readonly exports: Readonly<Record<string, { readonly types?: string }>>
  }
  return new Map(
    Object.entries(manifest.exports).flatMap(([name, { types }]) =>
      types === undefined ? [] : [[name, types.replace("./dist/", "")] as const]
    )
  )
}

/** Has the compiler write all declarations, and gives them to `use`. */
export const withDeclarations = <A>(use: (folder: string) => A): A => {
  const folder = mkdtempSync(`${core}/.surface-`)
  try {
    const options = ["--emitDeclarationOnly", "--removeComments", "--declarationMap", "false", "--composite", "false"]
    const args = ["-p", core, "--outDir", folder, "--incremental", "false", ...options]
    execFileSync(`${root}/node_modules/.bin/tsc`, args, { encoding: "utf8" })
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Report {
  readonly text: string
  /** Modules under `internal/` whose declarations the surface mentions. */
  readonly internal: ReadonlyArray<string>
}

/** Every exported name and signature of every public module, and what they mention beyond. */
export const report = (): Report =>
  withDeclarations((folder) => {
    const all = doors()
    const surface = new Surface(folder, all)
    const sections: Array<string> = []
    const exported: Array<{ readonly path: string; readonly statement: string }> = []
    for (const [name, path] of all) {
      const own = surface.ownOf(path)
      exported.push(...own)
      const shown = own
        .map(({ statement }) => statement)
        .filter((statement) => /^\s*(?:export|type |interface )/.test(statement))
      sections.push(`=== ${name === "." ? "@kafka-request-reply/core" : name.slice(2)}\n\n${shown.join("\n")}\n`)
    }
    const mentioned = surface.mentioned(exported)
    sections.push(`=== mentioned by these, and exported by none\n\n${[...mentioned.values()].toSorted().join("\n")}\n`)
    const internal = new Set(
      [...mentioned.keys()].map((key) => key.split(" ")[0]!).filter((path) => path.includes("/internal/"))
    )
    return { text: sections.join("\n"), internal: [...internal].toSorted() }
  })

export const checkedIn = (): string => (existsSync(reportFile) ? readFileSync(reportFile, "utf8") : "")
