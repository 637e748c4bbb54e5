import { resolve } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as Order from "../src/Order.ts"
import * as OrderLines from "../src/OrderLines.ts"

layer(NodeServices.layer)("OrderLines", (it) => {
  it.effect("are numbered, whatever ends them, and long ones are cut short", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* fs.makeTempDirectoryScoped()
      const file = `${folder}/orders.jsonl`
      yield* fs.writeFileString(file, `\uFEFFone\r\ntwo\n${"x".repeat(5_000_000)}\nfour\n\nsix`)
      const { lines } = yield* OrderLines.open(file)
      const found = yield* Stream.runCollect(lines)
      const texts = found.map(({ text }) => (text.length > Order.longest ? "long" : text))
      assert.deepStrictEqual(texts, ["one", "two", "long", "four", "", "six"])
      assert.deepStrictEqual(
        found.map(({ number }) => number),
        [1, 2, 3, 4, 5, 6]
      )
      assert.isTrue(found.every(({ text }) => text.length <= Order.longest + 1))
      assert.isTrue(Result.isFailure(Order.parse(found[2]!.text)))
    })
  )

  it.effect("are missed with the whole path, since package managers change the folder", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(OrderLines.open("missing.jsonl"))
      const file = resolve("missing.jsonl")
      assert.strictEqual(error.message, `the orders in ${file} cannot be read: there is no such file`)
    })
  )
})
