/**
 * The archives, as a project of one's own meets them: what is in them, what the judges of packages say, and the README's
 * lines in an empty project into which npm has installed them.
 */
import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import { assert, layer } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import { command, installed, packages, packed, root, scope } from "./support/archives.ts"
import { services } from "./support/programs.ts"

interface Shared {
  readonly archiveOf: (name: string) => string
  /** A project with core and contracts. */
  readonly project: string
}

class Archives extends Context.Service<Archives, Shared>()("requester/test/Archives") {
  static readonly layer = Layer.effect(
    Archives,
    Effect.gen(function* () {
      const archiveOf = yield* packed
      return Archives.of({ archiveOf, project: yield* installed(archiveOf("core"), archiveOf("contracts")) })
    })
  )
}

// npm and the judges start processes; on a busy machine that takes its time.
const patience = 120_000

const library = ["core", "contracts", "program"]
const bin = join(root, "node_modules/.bin")
const exampleOf = (readme: string): string => /```ts\n([\s\S]*?)```/.exec(readmeOf(readme))?.[1] ?? ""
const readmeOf = (path: string): string => readFileSync(path, "utf8")

/** A Node.js on the path that is older than what the packages need. */
const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find((node) => {
    if (!existsSync(node)) return false
    const major = Number(execFileSync(node, ["-p", "parseInt(process.versions.node)"], { encoding: "utf8" }))
    return major >= 18 && major < 24
  })

/** What a module says on standard error when this Node.js runs it, and how it ends. */
const runBy = (node: string, cwd: string, ...args: ReadonlyArray<string>) =>
  Effect.sync(() => {
    try {
      return { output: execFileSync(node, args, { cwd, encoding: "utf8", stdio: "pipe" }), exitCode: 0 }
    } catch (failure) {
      const { status, stderr } = failure as { readonly status: number; readonly stderr: string }
      return { output: stderr, exitCode: status }
    }
  })

layer(Archives.layer.pipe(Layer.provideMerge(services)), { excludeTestServices: true, timeout: 240_000 })(
  "the archives",
  (it) => {
    it.effect(
      "hold what a reader and a debugger look for, and nothing that leads out of them",
      () =>
        Effect.gen(function* () {
          const { archiveOf } = yield* Archives
          const fs = yield* FileSystem.FileSystem
          for (const name of packages) {
            const folder = yield* fs.makeTempDirectoryScoped({ prefix: "archive-" })
            yield* command(folder, "tar", "-xzf", archiveOf(name))
            const files = readdirSync(join(folder, "package"), { recursive: true, encoding: "utf8" })
            assert.includeMembers(files, ["README.md", "CHANGELOG.md", "LICENSE", "package.json"], name)
            const manifest = readmeOf(join(folder, "package/package.json"))
            assert.notMatch(manifest, /"(source|simulator|scripts|devDependencies)":|catalog:|workspace:/, name)
            const maps = files.filter((file) => file.endsWith(".js.map"))
            assert.isNotEmpty(maps, name)
            const withoutSources = maps.filter((file) => {
              const map = JSON.parse(readmeOf(join(folder, "package", file)))
              return map.sources.length === 0 || map.sourcesContent?.length !== map.sources.length
            })
            assert.deepStrictEqual(withoutSources, [], name)
            if (library.includes(name)) {
              assert.deepStrictEqual(JSON.parse(manifest).peerDependencies, { effect: "~4.1.0" }, name)
            }
          }
        }).pipe(Effect.scoped),
      patience
    )

    it.effect(
      "are found without fault by publint, and by attw for projects of ES modules",
      () =>
        Effect.gen(function* () {
          const { archiveOf } = yield* Archives
          for (const name of packages) yield* command(root, join(bin, "publint"), archiveOf(name), "--strict")
          // esm-only leaves out what a project of CommonJS, or one that resolves as Node.js 10 did, would find: there is
          // no CommonJS build, and Node.js 24 itself takes ES modules by require.
          const typed = [...library, "responder"]
          for (const name of typed) yield* command(root, join(bin, "attw"), archiveOf(name), "--profile", "esm-only")
        }),
      patience
    )

    it.effect(
      "run the README's lines in an empty project, and type-check there under strict options",
      () =>
        Effect.gen(function* () {
          const { project } = yield* Archives
          const fs = yield* FileSystem.FileSystem
          const example = exampleOf(join(project, "node_modules", scope, "core/README.md"))
          assert.include(example, `brokers: ["localhost:9092"]`)
          assert.strictEqual(example, exampleOf(join(root, "README.md")))
          yield* fs.writeFileString(
            join(project, "readme.ts"),
            example.replace(`["localhost:9092"]`, JSON.stringify(sharedBrokers))
          )
          const compilerOptions = {
            module: "nodenext",
            target: "es2024",
            strict: true,
            exactOptionalPropertyTypes: true,
            noUncheckedIndexedAccess: true,
            skipLibCheck: true,
            types: ["node"],
            typeRoots: [join(root, "node_modules/@types")],
            outDir: "built"
          }
          yield* fs.writeFileString(
            join(project, "tsconfig.json"),
            JSON.stringify({ compilerOptions, include: ["readme.ts"] })
          )
          yield* command(project, join(bin, "tsc"), "-p", project)
          assert.strictEqual(yield* command(project, process.execPath, "built/readme.js"), "Hello, Ada\n")
        }),
      patience
    )

    it.effect(
      "name both copies of effect when a contract comes with its own",
      () =>
        Effect.gen(function* () {
          const { project } = yield* Archives
          const fs = yield* FileSystem.FileSystem
          const copy = join(project, "other/node_modules/effect")
          yield* fs.makeDirectory(copy, { recursive: true })
          yield* fs.copy(join(project, "node_modules/effect/dist"), join(copy, "dist"))
          const manifest = JSON.parse(readmeOf(join(project, "node_modules/effect/package.json")))
          yield* fs.writeFileString(join(copy, "package.json"), JSON.stringify({ ...manifest, version: "4.1.99" }))
          yield* fs.writeFileString(
            join(project, "other/contract.mjs"),
            `import { Rpc, RpcGroup } from "effect/rpc"
export const Greeter = RpcGroup.make(Rpc.make("Greet"))`
          )
          yield* fs.writeFileString(
            join(project, "two.mjs"),
            `import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
import * as Requester from "@kafka-request-reply/core/Requester"
import { Effect, Layer } from "effect"
import { Greeter } from "./other/contract.mjs"
const layer = Requester.layer([Greeter]).pipe(Layer.provide(MemoryTransport.layer))
console.log((await Effect.runPromise(Effect.flip(Effect.scoped(Layer.build(layer))))).message)`
          )
          const said = yield* command(project, process.execPath, "two.mjs")
          assert.include(said, `the contract was made by effect 4.1.99 (${copy})`)
          assert.include(said, `this library uses effect ${manifest.version} (${join(project, "node_modules/effect")})`)
          assert.include(said, "npm ls effect")
        }),
      patience
    )

    it.effect(
      "tell an old Node.js in one sentence what they need",
      (context) =>
        Effect.gen(function* () {
          if (oldNode === undefined) return context.skip("there is no Node.js older than 24 on the path")
          const { archiveOf, project } = yield* Archives
          for (const module of ["Requester", "Responder", "Contract", "KafkajsTransport", "RequestReplyTest"]) {
            const specifier = `${scope}/core/${module}`
            const { exitCode, output } = yield* runBy(oldNode, project, "-e", `import(${JSON.stringify(specifier)})`)
            assert.notStrictEqual(exitCode, 0, module)
            assert.match(
              output,
              /Error: @kafka-request-reply\/core needs Node\.js 24 or newer; this process runs on/,
              module
            )
          }
          const programs = yield* installed(...packages.map(archiveOf))
          for (const program of ["requester", "responder"]) {
            const main = join(programs, "node_modules", scope, program, "dist/main.js")
            const { exitCode, output } = yield* runBy(oldNode, programs, main, "--help")
            assert.strictEqual(exitCode, 1, program)
            assert.match(
              output,
              /^This program needs Node\.js 24 or newer; this process runs on [\d.]+: [^\n]*\n$/,
              program
            )
          }
        }),
      patience
    )
  }
)
