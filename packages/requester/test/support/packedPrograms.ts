/**
 * The programs as they would be published: compiled, packed, and installed into an empty folder.
 *
 * All of it happens in a copy of the packages, so that no `dist` appears among the sources.
 */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Stream from "effect/Stream"
import * as ChildProcess from "effect/process/ChildProcess"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const packages = ["core", "contracts", "program", "responder", "requester"]
const scope = "@kafka-request-reply"

const command = Effect.fnUntraced(function* (cwd: string, name: string, ...args: ReadonlyArray<string>) {
  const process = yield* ChildProcess.make(name, args, { cwd, extendEnv: true, stdin: "ignore" })
  const output = yield* Stream.mkString(Stream.decodeText(process.all))
  const exitCode = Number(yield* process.exitCode)
  if (exitCode !== 0) return yield* Effect.fail(new Error(`${name} ${args.join(" ")}: ${exitCode}\n${output}`))
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
  for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", "tsconfig.base.json", "LICENSE"]) {
    yield* fs.copyFile(join(root, file), join(copy, file))
  }
  yield* fs.symlink(join(root, "node_modules"), join(copy, "node_modules"))
  for (const name of packages) {
    const from = join(root, "packages", name)
    const to = join(copy, "packages", name)
    yield* fs.makeDirectory(to, { recursive: true })
    for (const part of ["package.json", "tsconfig.json", "src", "data"]) {
      if (yield* fs.exists(join(from, part))) yield* fs.copy(join(from, part), join(to, part))
    }
    yield* linkDependencies(copy, name)
  }
})

/** Where the main modules of the two programs are installed. */
export const installed = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const copy = yield* fs.realPath(yield* fs.makeTempDirectoryScoped({ prefix: "packing-" }))
  yield* copyPackages(copy)
  yield* command(copy, join(root, "node_modules/.bin/tsc"), "-b", "packages/requester")
  const tarballs = join(copy, "tarballs")
  for (const name of packages) {
    yield* command(join(copy, "packages", name), "npx", "-y", "pnpm@12", "pack", "--pack-destination", tarballs)
  }
  const empty = yield* fs.makeTempDirectoryScoped({ prefix: "installed-" })
  yield* fs.writeFileString(join(empty, "package.json"), '{"private":true,"type":"module"}')
  const files = (yield* fs.readDirectory(tarballs)).map((file) => join(tarballs, file))
  yield* command(empty, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...files)
  const mainOf = (program: string) => join(empty, "node_modules", scope, program, "dist/main.js")
  return { requester: mainOf("requester"), responder: mainOf("responder"), folder: empty }
})
