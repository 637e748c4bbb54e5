import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { javaMajor, javaVersion } from "../../src/internal/javaVersion.ts"

const rows = [
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', "17.0.15", 17],
  ['java version "1.8.0_392"\nJava(TM) SE', "1.8.0_392", 8],
  ['openjdk version "24-ea" 2025-03-18', "24-ea", 24],
  ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21" 2023-09-19', "21", 21],
  ['openjdk version "11.0.2" 2019-01-15', "11.0.2", 11]
] as const

describe("javaVersion", () => {
  it.each(rows)("%s", (printed, version, major) => {
    assert.deepStrictEqual(javaVersion(printed), Option.some(version))
    assert.deepStrictEqual(javaMajor(version), Option.some(major))
  })

  it("gives none for what is no version", () => {
    assert.deepStrictEqual(javaVersion("java: command not found"), Option.none())
    assert.deepStrictEqual(javaMajor("next"), Option.none())
  })
})
