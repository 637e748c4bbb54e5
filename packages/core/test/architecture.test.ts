/**
 * The rules of the code's shape that no compiler checks: ranks of folders, who may import what, closed folders, sizes.
 *
 * Reads the sources as text, so it also sees imports of types. A rule that has to give way is changed here, with its
 * reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, posix } from "node:path"
import { fileURLToPath } from "node:url"

const packages = fileURLToPath(new URL("../..", import.meta.url))
const scope = "@kafka-request-reply/"

const filesUnder = (folder: string): ReadonlyArray<string> =>
  existsSync(`${packages}/${folder}`)
    ? readdirSync(`${packages}/${folder}`, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && statSync(`${packages}/${folder}/${name}`).isFile())
        .map((name) => `${folder}/${name}`)
        .sort()
    : []

interface Module {
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

const moduleAt = (path: string): Module => {
  const text = readFileSync(`${packages}/${path}`, "utf8")
  const code = withoutComments(text)
  return { path, text, code, imports: Array.from(code.matchAll(importPattern), (match) => match[1]!) }
}

const packageNames = readdirSync(packages).filter((name) => existsSync(`${packages}/${name}/package.json`))
const sources = packageNames.flatMap((name) => filesUnder(`${name}/src`)).map(moduleAt)
const core = sources.filter(({ path }) => path.startsWith("core/src/"))
const tests = packageNames.flatMap((name) => filesUnder(`${name}/test`))

/** The path of what a relative import names, undefined for packages. */
const targetOf = (module: Module, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(dirname(module.path), specifier) : undefined

const folderOf = (path: string): string => path.split("/")[2]!

/** Everything that breaks a rule, as "file: what", so that one run names all of them. */
const offences = (
  modules: ReadonlyArray<Module>,
  rule: (module: Module) => ReadonlyArray<string>
): ReadonlyArray<string> => modules.flatMap((module) => rule(module).map((offence) => `${module.path}: ${offence}`))

const nothing: ReadonlyArray<string> = []

describe("the folders of core", () => {
  const ranks: Readonly<Record<string, number>> = {
    host: 0,
    wire: 0,
    contract: 1,
    transport: 1,
    telemetry: 1,
    requester: 2,
    responder: 2,
    kafkajs: 2,
    platformatic: 2,
    testing: 3
  }
  const drivers = ["kafkajs", "platformatic"]

  it("each have a rank", () => {
    assert.deepStrictEqual(
      core.filter(({ path }) => path.split("/").length < 4 || ranks[folderOf(path)] === undefined),
      []
    )
  })

  it("import only themselves and what has a lower rank", () => {
    const found = offences(core, (module) =>
      module.imports.filter((specifier) => {
        const target = targetOf(module, specifier)
        if (target === undefined) return false
        const [from, to] = [folderOf(module.path), folderOf(target)]
        return !target.startsWith("core/src/") || (from !== to && ranks[to]! >= ranks[from]!)
      })
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("keep their internal modules to themselves", () => {
    const found = offences(core, (module) =>
      module.imports.filter((specifier) => {
        const target = targetOf(module, specifier)
        return target !== undefined && target.includes("/internal/") && folderOf(target) !== folderOf(module.path)
      })
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("have drivers that know no contract", () => {
    const found = offences(core, (module) =>
      drivers.includes(folderOf(module.path))
        ? module.imports.filter((specifier) => targetOf(module, specifier)?.startsWith("core/src/contract/") === true)
        : nothing
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("know kafkajs in kafkajs/ and @platformatic/kafka in platformatic/ only", () => {
    const homes = [
      ["kafkajs", /^kafkajs(\/|$)/],
      ["platformatic", /^@platformatic\/kafka(\/|$)/]
    ] as const
    const found = homes.flatMap(([home, name]) =>
      offences(core, (module) =>
        folderOf(module.path) === home ? nothing : module.imports.filter((s) => name.test(s))
      )
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("know effect/rpc, which is tagged unstable, in contract/ and beside the two public APIs only", () => {
    const allowed = [
      "core/src/requester/Requester.ts",
      "core/src/requester/internal/unaryCall.ts",
      "core/src/responder/Responder.ts",
      "core/src/responder/internal/procedure.ts",
      // The signature of both public APIs at once, for tests of users.
      "core/src/testing/RequestReplyTest.ts"
    ]
    const found = offences(core, (module) =>
      folderOf(module.path) === "contract" || allowed.includes(module.path)
        ? nothing
        : module.imports.filter((specifier) => specifier.startsWith("effect/rpc"))
    )
    assert.deepStrictEqual(found, nothing)
    for (const path of allowed)
      assert.isTrue(
        core.some((module) => module.path === path),
        path
      )
  })

  it("use Effect's trace headers, which are tagged unstable, in one file", () => {
    const users = core.filter(({ imports }) => imports.includes("effect/http/HttpTraceContext"))
    assert.deepStrictEqual(
      users.map(({ path }) => path),
      ["core/src/telemetry/TraceContext.ts"]
    )
  })
})

/** Whether a package refuses to have this module of its own imported by others. */
const isClosed = (name: string, path: string): boolean => {
  const { resolve } = createRequire(`${packages}/${name}/package.json`)
  try {
    resolve(`${scope}${path.replace("/src/", "/").replace(/\.ts$/, "")}`)
    return false
  } catch (error) {
    // An open module may not be built; what matters is whether the package offers it.
    return (error as { readonly code?: string }).code === "ERR_PACKAGE_PATH_NOT_EXPORTED"
  }
}

describe("the packages", () => {
  /** The workspace packages' modules that each package, or one file, may import; what is not listed may not be. */
  const allowed: Readonly<Record<string, ReadonlyArray<RegExp>>> = {
    core: [],
    "dev-kafka": [],
    contracts: [/^core\/contract\//],
    program: [],
    responder: [/^contracts\//, /^program\//, /^core\/(?!requester\/)/],
    requester: [/^contracts\//, /^program\//, /^core\/(?!responder\/)/],
    // The offline mode runs the responder inside the same process.
    "requester/src/Memory.ts": [/^responder\//, /^core\/transport\//]
  }

  it("import each other downwards, and the two sides of a call not at all in core", () => {
    const found = offences(sources, (module) => {
      const rules = allowed[module.path] ?? allowed[module.path.split("/")[0]!]
      return module.imports.filter((specifier) => {
        if (!specifier.startsWith(scope)) return false
        const target = specifier.slice(scope.length)
        return target.includes("/internal/") || (rules !== undefined && !rules.some((rule) => rule.test(target)))
      })
    })
    assert.deepStrictEqual(found, nothing)
  })

  it("leave Kafka drivers to core, to the development broker, and to the floor of the benchmark", () => {
    const found = offences(sources, (module) =>
      /^(core\/|dev-kafka\/|bench\/src\/bare\.ts$)/.test(module.path)
        ? nothing
        : module.imports.filter((specifier) => /^(kafkajs|@platformatic\/kafka)(\/|$)/.test(specifier))
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("have internal modules closed to the outside and the others open", () => {
    // A package without exports is nobody's to import.
    const published = packageNames.filter((name) =>
      readFileSync(`${packages}/${name}/package.json`, "utf8").includes(`"exports"`)
    )
    const wrong = published.flatMap((name) =>
      filesUnder(`${name}/src`).filter((path) => isClosed(name, path) !== path.includes("/internal/"))
    )
    assert.deepStrictEqual(wrong, nothing)
    assert.isTrue(core.some(({ path }) => path.includes("/internal/")))
  })
})

describe("every source file", () => {
  it("begins with what it is for", () => {
    // A program's main.ts is its wiring, and begins with the import that must be first.
    const found = offences(sources, ({ path, text }) =>
      path.endsWith("/src/main.ts") || /^(#![^\n]*\n)?\/\*\*\n \* \S/.test(text) ? nothing : ["no module header"]
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("has at most 300 lines, tests included", () => {
    const modules = [...sources, ...tests.map(moduleAt)]
    const found = offences(modules, ({ text }) => {
      const lines = text.split("\n").length - 1
      return lines > 300 ? [`${lines} lines`] : nothing
    })
    assert.deepStrictEqual(found, nothing)
  })

  it("is named after what it holds", () => {
    const vague = /^(utils?|helpers?|common|misc|shared|index)\.ts$/i
    assert.deepStrictEqual(
      [...sources.map(({ path }) => path), ...tests].filter((path) => vague.test(posix.basename(path))),
      []
    )
  })

  it("says something itself: none only hands on what others export", () => {
    const handsOn = /^\s*(?:export|import)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]+"\s*;?\s*$/gm
    const found = offences(sources, ({ code }) => (code.replaceAll(handsOn, "").trim() === "" ? ["a barrel"] : nothing))
    assert.deepStrictEqual(found, nothing)
  })

  it("has time, chance, timers and settings from services", () => {
    const banned: ReadonlyArray<readonly [name: string, use: RegExp, home?: RegExp]> = [
      ["Date.now", /\bDate\.now\b/],
      ["new Date()", /\bnew Date\(\s*\)/],
      ["Math.random", /\bMath\.random\b/],
      ["crypto.randomUUID", /\brandomUUID\b/],
      ["randomBytes", /\brandomBytes\b/, /^(core\/src\/host\/Entropy\.ts|dev-kafka\/.*)$/],
      ["process.env", /\bprocess\.env\b/],
      ["process.hrtime", /\bprocess\.hrtime\b/],
      // A signal handler runs outside any fiber, and measurements are of the host itself.
      ["performance.now", /\bperformance\.now\b/, /^(program\/src\/Signals|bench\/src\/Measure)\.ts$/],
      ["setTimeout", /\bsetTimeout\s*\(/],
      ["setInterval", /\bsetInterval\s*\(/],
      ["setImmediate", /\bsetImmediate\b/, /^core\/src\/host\/EventLoop\.ts$/],
      // Loading a module of our own cannot fail in a way a program could handle.
      ["Effect.promise", /\bEffect\.promise\((?!\(\) => import\()/]
    ]
    // It takes these away from what it runs.
    const guard = "simulator/src/kernel/HostGuard.ts"
    const judged = sources.filter(({ path }) => path !== guard)
    const found = banned.flatMap(([name, use, home]) =>
      offences(judged, ({ code, path }) => (use.test(code) && home?.test(path) !== true ? [name] : nothing))
    )
    assert.deepStrictEqual(found, nothing)
    for (const [name, use, home] of banned) {
      const isUsed = home === undefined || sources.some(({ code, path }) => home.test(path) && use.test(code))
      assert.isTrue(isUsed, `${name} is not used where it is allowed: shorten the list`)
    }
  })
})

describe("the tests", () => {
  it("mirror the sources", () => {
    // Tests of a whole folder, named after what they pin.
    const ofFolders = ["core/test/wire/Golden.test.ts"]
    const orphans = tests.filter((path) => {
      const [name, , ...rest] = path.split("/")
      // What needs a real broker is seldom about one file.
      if (!path.endsWith(".test.ts") || path.endsWith(".integration.test.ts") || ofFolders.includes(path)) return false
      // Folders that mirror nothing (suites over several modules) are their own business.
      const isMirror = name !== "core" ? rest.length === 1 : existsSync(`${packages}/core/src/${rest[0]}`)
      // callEngine.retry.test.ts is about callEngine.ts.
      const subject = rest.join("/").replace(/\.[^/]*test\.ts$/, "")
      return isMirror && !existsSync(`${packages}/${name}/src/${subject}.ts`)
    })
    assert.deepStrictEqual(orphans, [])
  })
})
