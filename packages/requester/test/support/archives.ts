/**
 * The packages as they would be published: compiled, packed, and installed into an empty project.
 *
 * All of it happens in a copy of the packages, so that no `dist` appears among the sources.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"

export const root = fileURLToPath(new URL("../../../..", import.meta.url))
export const packages = ["core", "contracts", "program", "responder", "requester"]
export const scope = "@kafka-request-reply"

/** Runs a command to its end; fails with all its output unless it exits with 0. */
export const command = Effect.fnUntraced(function* (cwd: string, name: string, ...args: ReadonlyArray<string>) {
  const process = yield* ChildProcess.make(name, args, { cwd, extendEnv: true, stdin: "ignore" })
  const output = yield* Stream.mkString(Stream.decodeText(process.all))
  const exitCode = Number(yield* process.exitCode)
  if (exitCode !== 0) return yield* Effect.fail(new Error(`${name} ${args.join(" ")}: ${exitCode}\n${output}`))
  return output
}, Effect.scoped)

/** What a package depends on: the real thing, except for the siblings that are copied too. */
const linkDependencies = Effect.fnUntraced(function* (copy: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const from = join(root, "packages", name, "node_modules")
  const to = join(copy, "packages", name, "node_modules")
  yield* fs.makeDirectory(join(to, scope), { recursive: true })
  for (const entry of yield* fs.readDirectory(from)) {
    if (entry !== scope && entry !== ".bin") yield* fs.symlink(join(from, entry), join(to, entry))
  }
  for (const sibling of yield* fs.readDirectory(join(from, scope))) {
    const isCopied = packages.includes(sibling)
    yield* fs.symlink(isCopied ? join(copy, "packages", sibling) : join(from, scope, sibling), join(to, scope, sibling))
  }
})

const copyPackages = Effect.fnUntraced(function* (copy: string) {
  const fs = yield* FileSystem.FileSystem
  for (const file of [
    "package.json",
    "pnpm-workspace.yaml",
    "pnpm-lock.yaml",
    "tsconfig.base.json",
    ".pnpmfile.mjs",
    "LICENSE"
  ]) {
    yield* fs.copyFile(join(root, file), join(copy, file))
  }
  yield* fs.symlink(join(root, "node_modules"), join(copy, "node_modules"))
  for (const name of packages) {
    const from = join(root, "packages", name)
    const to = join(copy, "packages", name)
    yield* fs.makeDirectory(to, { recursive: true })
    for (const part of ["package.json", "tsconfig.json", "README.md", "CHANGELOG.md", "src", "data"]) {
      if (yield* fs.exists(join(from, part))) yield* fs.copy(join(from, part), join(to, part))
    }
    yield* linkDependencies(copy, name)
  }
})

/** The archives of all packages, as `npm` would take them from a registry: folder and file names by package. */
export const packed = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const copy = yield* fs.realPath(yield* fs.makeTempDirectoryScoped({ prefix: "packing-" }))
  yield* copyPackages(copy)
  yield* command(copy, join(root, "node_modules/.bin/tsc"), "-b", "packages/requester")
  const archives = join(copy, "archives")
  for (const name of packages) {
    yield* command(join(copy, "packages", name), "npx", "-y", "pnpm@12", "pack", "--pack-destination", archives)
  }
  const { version } = JSON.parse(yield* fs.readFileString(join(root, "packages/core/package.json")))
  return (name: string): string => join(archives, `kafka-request-reply-${name}-${version}.tgz`)
})

/** An empty project into which npm has installed these archives, and what they depend on. */
export const installed = Effect.fnUntraced(function* (...archives: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const empty = yield* fs.realPath(yield* fs.makeTempDirectoryScoped({ prefix: "installed-" }))
  yield* fs.writeFileString(join(empty, "package.json"), '{"private":true,"type":"module"}')
  yield* command(empty, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...archives)
  return empty
})

/** Where the main modules of the two programs are installed. */
export const installedPrograms = Effect.gen(function* () {
  const archiveOf = yield* packed
  const folder = yield* installed(...packages.map(archiveOf))
  const mainOf = (program: string) => join(folder, "node_modules", scope, program, "dist/main.js")
  return { requester: mainOf("requester"), responder: mainOf("responder"), folder }
})
