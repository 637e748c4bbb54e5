/**
 * The packages: who imports whom, and which doors they have.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { posix } from "node:path"
import { core, moduleAt, nothing, offences, packages, scope, sources, targetOf, tests } from "./modules.ts"

describe("the packages", () => {
  /** The workspace packages' modules that each package, or one file, may import; what is not listed may not be. */
  const allowed: Readonly<Record<string, ReadonlyArray<RegExp>>> = {
    core: [],
    "dev-kafka": [],
    contracts: [/^core\/Contract$/],
    program: [],
    responder: [/^contracts\//, /^program\//, /^core\/(?!Requester$|simulator\/)/],
    requester: [/^contracts\//, /^program\//, /^core\/(?!Responder$|simulator\/)/],
    bench: [/^dev-kafka\//, /^core\/(?!simulator\/)/],
    // The offline mode runs the responder inside the same process.
    "requester/src/Memory.ts": [/^responder\//, /^core\/MemoryTransport$/]
  }

  it("import each other downwards, and the two sides of a call not at all in core", () => {
    const found = offences(sources, (module) => {
      const rules = allowed[module.path] ?? allowed[module.path.split("/")[0]!]
      return module.imports.filter((specifier) => {
        if (!specifier.startsWith(scope)) return false
        const target = specifier.slice(scope.length)
        return (
          (target.includes("/internal/") && !target.startsWith("core/simulator/")) ||
          (rules !== undefined && !rules.some((rule) => rule.test(target)))
        )
      })
    })
    assert.deepStrictEqual(found, nothing)
  })

  it("leave Kafka drivers to core, to the development broker, and to the floor of the benchmark", () => {
    const found = offences(sources, (module) =>
      /^(core\/|dev-kafka\/|bench\/src\/(floor\/StockLink|nest\/responder)\.ts$)/.test(module.path)
        ? nothing
        : module.imports.filter((specifier) => /^(kafkajs|@platformatic\/kafka)(\/|$)/.test(specifier))
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("do not climb into each other by relative paths", () => {
    const modules = [...sources, ...tests.map(moduleAt)]
    const found = offences(modules, (module) =>
      module.imports.filter((specifier) => {
        const target = targetOf(module, specifier)
        return target !== undefined && target.split("/")[0] !== module.path.split("/")[0]
      })
    )
    // The simulated cluster must keep the laws that every transport keeps: a suite of core's tests, which ship nowhere.
    assert.deepStrictEqual(found, [
      "simulator/test/cluster/ClusterTransport.test.ts: ../../../core/test/suites/TransportSuite.ts"
    ])
  })

  it("offer of core its public modules, by their names, and the simulator's door, which nobody else opens", () => {
    const { exports } = JSON.parse(readFileSync(`${packages}/core/package.json`, "utf8")) as {
      readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>
    }
    const { "./simulator/*": door, ...doors } = exports
    assert.deepStrictEqual(door, { simulator: "./src/*.ts" })
    const wrong = Object.entries(doors).filter(([name, { default: built, source, types }]) => {
      const path = source?.replace(/^\.\/src\//, "").replace(/\.ts$/, "")
      const isThere = core.some((module) => module.path === `core/src/${path}.ts`)
      const isNamed = name === "." || posix.basename(path ?? "") === name.slice(2)
      return !isThere || !isNamed || types !== `./dist/${path}.d.ts` || built !== `./dist/${path}.js`
    })
    assert.deepStrictEqual(wrong, [])
  })
})
