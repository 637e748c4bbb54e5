/**
 * The rooms of core: ranks of folders, who may import what, which unstable modules are used where. A rule that has to
 * give way is changed here, with its reason.
 */
import { assert, describe, it } from "@effect/vitest"
import { core, folderOf, main, nothing, offences, targetOf } from "./modules.ts"

describe("the folders of core", () => {
  const ranks: Readonly<Record<string, number>> = {
    host: 0,
    settings: 0,
    wire: 0,
    contract: 1,
    kafka: 1,
    telemetry: 1,
    // Codecs of Kafka's own bytes, which drivers share; records are a notion of `kafka`.
    protocol: 2,
    publisher: 2,
    startup: 2,
    requester: 3,
    responder: 3,
    kafkajs: 3,
    memory: 3,
    // Requester, responder and a driver put together, for programs that do not use Effect.
    promises: 4,
    testing: 4
  }
  const drivers = ["kafkajs", "memory"]

  it("each have a rank", () => {
    assert.deepStrictEqual(
      core.filter(({ path }) => path !== main && ranks[folderOf(path)] === undefined),
      []
    )
  })

  it("import only themselves and what has a lower rank", () => {
    const found = offences(core, (module) =>
      module.imports.filter((specifier) => {
        const target = targetOf(module, specifier)
        if (target === undefined) return false
        if (module.path === main) return !target.startsWith("core/src/")
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

  it("know kafkajs in kafkajs/ only", () => {
    const found = offences(core, (module) =>
      folderOf(module.path) === "kafkajs" ? nothing : module.imports.filter((s) => /^kafkajs(\/|$)/.test(s))
    )
    assert.deepStrictEqual(found, nothing)
  })

  it("know effect/rpc, which is tagged unstable, in contract/ and beside the two public APIs only", () => {
    const allowed = [
      "core/src/requester/Mock.ts",
      "core/src/requester/Requester.ts",
      "core/src/requester/RequesterProtocol.ts",
      "core/src/requester/internal/encodedOperation.ts",
      "core/src/requester/internal/operationKeys.ts",
      "core/src/requester/internal/method.ts",
      "core/src/responder/Responder.ts",
      "core/src/responder/internal/procedure.ts",
      "core/src/promises/Client.ts",
      "core/src/promises/Server.ts",
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
