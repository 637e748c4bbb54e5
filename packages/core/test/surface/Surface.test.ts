import { assert, describe, it } from "@effect/vitest"
import { checkedIn, report } from "./declarations.ts"

describe("the public surface", () => {
  const { internal, text } = report()

  it("is the one that was reviewed; after a change write it anew: npx -y pnpm@12 api", () => {
    assert.strictEqual(text, checkedIn())
  })

  it("mentions nothing of internal modules", () => {
    assert.deepStrictEqual(internal, [])
  })
})
