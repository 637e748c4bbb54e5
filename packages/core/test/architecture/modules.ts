/**
 * The sources of all packages as text, with their imports: what the architecture tests judge. Also sees imports of types.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, posix } from "node:path"
import { fileURLToPath } from "node:url"

export const packages = fileURLToPath(new URL("../../..", import.meta.url))
export const scope = "@kafka-request-reply/"

export const filesUnder = (folder: string): ReadonlyArray<string> =>
  existsSync(`${packages}/${folder}`)
    ? readdirSync(`${packages}/${folder}`, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && statSync(`${packages}/${folder}/${name}`).isFile())
        .map((name) => `${folder}/${name}`)
        .sort()
    : []

export interface Module {
  /** From the folder of all packages: `core/src/wire/Bounds.ts`. */
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  /** As written. */
  readonly imports: ReadonlyArray<string>
}

const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1")

const importPattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)"([^"]+)"/gm

export const moduleAt = (path: string): Module => {
  const text = readFileSync(`${packages}/${path}`, "utf8")
  const code = withoutComments(text)
  return { path, text, code, imports: Array.from(code.matchAll(importPattern), (match) => match[1]!) }
}

export const packageNames = readdirSync(packages).filter((name) => existsSync(`${packages}/${name}/package.json`))
export const sources = packageNames.flatMap((name) => filesUnder(`${name}/src`)).map(moduleAt)
export const core = sources.filter(({ path }) => path.startsWith("core/src/"))
export const tests = packageNames.flatMap((name) => filesUnder(`${name}/test`))

/** The path of what a relative import names, undefined for packages. */
export const targetOf = (module: Module, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(dirname(module.path), specifier) : undefined

/** The main of core: the one module in no folder, and the one that only hands on what others export. */
export const main = "core/src/index.ts"

export const folderOf = (path: string): string => path.split("/")[2]!

/** Everything that breaks a rule, as "file: what", so that one run names all of them. */
export const offences = (
  modules: ReadonlyArray<Module>,
  rule: (module: Module) => ReadonlyArray<string>
): ReadonlyArray<string> => modules.flatMap((module) => rule(module).map((offence) => `${module.path}: ${offence}`))

export const nothing: ReadonlyArray<string> = []
