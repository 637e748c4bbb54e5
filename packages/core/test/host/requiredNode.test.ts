import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { tooOld } from "../../src/host/requiredNode.ts"

it("refuses what the package does not name among its engines, and nothing else", () => {
  const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  const major = Number(/^>=(\d+)$/.exec(engines.node)?.[1])
  assert.isUndefined(tooOld(`${major}.0.0`))
  assert.isUndefined(tooOld(process.versions.node))
  assert.isUndefined(tooOld("100.1.0"))
  assert.include(
    tooOld(`${major - 1}.9.9`) ?? "",
    `needs Node.js ${major} or newer; this process runs on ${major - 1}.9.9`
  )
  assert.isString(tooOld("9.0.0"))
})
