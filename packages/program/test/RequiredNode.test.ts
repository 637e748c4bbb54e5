import { assert, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { tooOld } from "../src/RequiredNode.ts"

it("refuses what the programs do not name among their engines, and nothing else", () => {
  for (const name of ["program", "requester", "responder"]) {
    const { engines } = JSON.parse(readFileSync(new URL(`../../${name}/package.json`, import.meta.url), "utf8"))
    const major = Number(/^>=(\d+)$/.exec(engines.node)?.[1])
    assert.isUndefined(tooOld(`${major}.0.0`), name)
    assert.include(tooOld(`${major - 1}.9.9`) ?? "", `needs Node.js ${major} or newer`, name)
  }
  assert.isUndefined(tooOld(process.versions.node))
})
