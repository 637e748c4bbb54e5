/**
 * The documents: what they name exists, their lines can be read, and their links lead somewhere.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { core, filesUnder, packageNames, packages, sources } from "../architecture/modules.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const markdownIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name))

/** The code of the modules of core below a path. */
const within = (folder: string): string =>
  core
    .filter(({ path }) => path.startsWith(`core/src/${folder}`))
    .map((module) => module.code)
    .join("\n")

const documents = [
  ...["", "docs", "docs/adr", ".changeset"].flatMap(markdownIn),
  ...packageNames.flatMap((name) => markdownIn(`packages/${name}`))
]

describe("every document", () => {
  it("has lines that can be read: at most 400 characters", () => {
    const long = documents.flatMap((path) =>
      read(path)
        .split("\n")
        .flatMap((line, index) => (line.length > 400 ? [`${path}:${index + 1}: ${line.length}`] : []))
    )
    assert.isAbove(documents.length, 20)
    assert.deepStrictEqual(long, [])
  })

  it("links to files that exist", () => {
    const dangling = documents.flatMap((path) =>
      Array.from(read(path).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g), ([, target]) => target!)
        .filter((target) => !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path}: ${target}`)
    )
    assert.deepStrictEqual(dangling, [])
  })
})

describe("docs/guarantees.md", () => {
  const promises = read("docs/guarantees.md")
    .split(/^## /m)
    .slice(1)
    .map((text) => ({ number: /^P(\d+):/.exec(text)?.[1], text }))
  const laws = filesUnder("core/test/suites/requestReply").flatMap((path) =>
    Array.from(
      readFileSync(`${packages}/${path}`, "utf8").matchAll(/["`](P\d+)\/([^:"`]+): /g),
      ([, p, situation]) => `${p}/${situation}`
    )
  )

  it("has the fourteen promises in their order", () => {
    assert.deepStrictEqual(
      promises.map(({ number }) => Number(number)),
      Array.from({ length: 14 }, (_, index) => index + 1)
    )
  })

  it("names the situations of all laws, and none that has no law", () => {
    const named = promises.flatMap(({ text }) =>
      Array.from((/^Laws: ([\s\S]*)/m.exec(text)?.[1] ?? "").matchAll(/`([^`]+)`/g), ([, name]) => name!)
    )
    assert.deepStrictEqual(named.toSorted(), [...new Set(laws)].toSorted())
  })

  it("gives every law of request/reply its promise and situation", () => {
    const unnamed = filesUnder("core/test/suites/requestReply").flatMap((path) =>
      Array.from(
        readFileSync(`${packages}/${path}`, "utf8").matchAll(/\blaw\(\s*(["`])(.*?)\1,/g),
        ([, , name]) => name!
      )
        .filter((name) => !/^P\d+\/[^:]+: /.test(name))
        .map((name) => `${path}: ${name}`)
    )
    assert.deepStrictEqual(unnamed, [])
  })
})

describe("docs/glossary.md", () => {
  const text = read("docs/glossary.md")
  const entries = Array.from(
    text.matchAll(/^- \*\*(.+?)\*\* \((\w+) `([^`]+)`\): (.*)$/gm),
    ([, word, mark, name, meaning]) => ({ word: word!, mark: mark!, name: name!, meaning: meaning! })
  )
  const code = core.map((module) => module.code).join("\n")
  const exported = new Set(
    Array.from(
      code.matchAll(/^export (?:abstract )?(?:const|class|interface|type|function) (\w+)/gm),
      ([, name]) => name!
    )
  )
  const exists: Readonly<Record<string, (name: string) => boolean>> = {
    export: (name) => exported.has(name) || core.some(({ path }) => path.endsWith(`/${name}.ts`)),
    annotation: (name) => new RegExp(String.raw`^export const ${name}\b`, "m").test(within("contract/Contract.ts")),
    folder: (name) => core.some(({ path }) => path.startsWith(`core/src/${name}/`)),
    option: (name) => new RegExp(String.raw`\breadonly ${name}\??:`).test(within("requester/") + within("responder/")),
    key: (name) => read("docs/protocol.md").includes(`| \`${name}\``),
    metric: (name) => within("telemetry/").includes(`"${name}"`),
    header: (name) => within("wire/HeaderNames.ts").includes(`"${name}"`),
    status: (name) => within("wire/Status.ts").includes(`"${name}"`)
  }

  it("has one entry to a line, in the order of the alphabet", () => {
    assert.isAbove(entries.length, 40)
    assert.strictEqual(entries.length, text.split("\n").filter((line) => line.startsWith("- ")).length)
    const words = entries.map(({ word }) => word.toLowerCase())
    assert.deepStrictEqual(words, words.toSorted())
  })

  it("names what exists", () => {
    const missing = entries.filter(({ mark, name }) => exists[mark]?.(name) !== true)
    assert.deepStrictEqual(
      missing.map(({ mark, name, word }) => `${word}: ${mark} ${name}`),
      []
    )
  })

  it("has replaced words that no identifier of core and the programs uses any more", () => {
    // Words that the glossary replaces, and earlier names of ours. To ban another one, add it here or say it there.
    const earlier = [
      "obstacleTo",
      "obstacleOf",
      "obstacleIn",
      "canHear",
      "excessOf",
      "problemOf",
      "problemWith",
      "intake",
      "handling",
      "requestLanes",
      "publishLane",
      "unaryCall",
      "callEngine",
      "openRequest",
      "dedupeTable",
      "partDone",
      "forgotten",
      "whatIsKnown",
      "rightReply"
    ]
    const replaced = [...earlier, ...Array.from(text.matchAll(/\bnot `(\w+)`/g), ([, word]) => word!)]
    // Where foreign software gives the name.
    const foreign = /^core\/src\/(kafkajs|protocol)\//
    const declared = /\b(?:const|let|class|interface|type|function|readonly) (\w+)/g
    const found = replaced.flatMap((word) =>
      sources
        .filter(({ path }) => !foreign.test(path) && !/^(simulator|bench|dev-kafka)\//.test(path))
        .flatMap((module) =>
          Array.from(module.code.matchAll(declared), ([, name]) => name!)
            .filter((name) => new RegExp(`(^${word}|${word[0]!.toUpperCase()}${word.slice(1)})`).test(name))
            .map((name) => `${module.path}: ${name}`)
        )
    )
    assert.isNotEmpty(replaced)
    assert.deepStrictEqual(found, [])
  })
})
