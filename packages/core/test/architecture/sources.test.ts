/**
 * Every source file: its header, its size, its name, and what it takes from the host.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync } from "node:fs"
import { posix } from "node:path"
import { main, moduleAt, nothing, offences, packages, sources, tests } from "./modules.ts"

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
      [...sources.map(({ path }) => path), ...tests].filter(
        (path) => path !== main && vague.test(posix.basename(path))
      ),
      []
    )
  })

  it("says something itself: none only hands on what others export", () => {
    const handsOn = /^\s*(?:export|import)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]+"\s*;?\s*$/gm
    const found = offences(sources, ({ code, path }) =>
      // People try a package by its name first: its main is the one barrel.
      path !== main && code.replaceAll(handsOn, "").trim() === "" ? ["a barrel"] : nothing
    )
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
      // A signal handler runs outside any fiber.
      ["performance.now", /\bperformance\.now\b/, /^program\/src\/Signals\.ts$/],
      ["setTimeout", /\bsetTimeout\s*\(/],
      ["setInterval", /\bsetInterval\s*\(/],
      ["setImmediate", /\bsetImmediate\b/, /^core\/src\/host\/EventLoop\.ts$/],
      // Loading a module of our own cannot fail in a way a program could handle.
      ["Effect.promise", /\bEffect\.promise\((?!\(\) => import\()/]
    ]
    // It takes these away from what it runs.
    const guard = "simulator/src/kernel/HostGuard.ts"
    // The benchmark measures the host itself, and peers that are no Effect programs.
    const judged = sources.filter(({ path }) => path !== guard && !path.startsWith("bench/src/"))
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
