import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"
import * as Contract from "../../src/contract/Contract.ts"
import { twoCopies } from "../../src/contract/effectCopy.ts"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import * as Requester from "../../src/requester/Requester.ts"
import * as Responder from "../../src/responder/Responder.ts"

const Get = Rpc.make("Get", { success: Schema.String })
const built = createRequire(import.meta.url).resolve("effect/rpc/Rpc")
const { version } = createRequire(import.meta.url)("effect/package.json") as { readonly version: string }
// A query makes another module of the same file, with other prototypes: a second copy in the same folder.
const { make }: typeof Rpc = await import(/* @vite-ignore */ `${pathToFileURL(built).href}?copy`)
const ofOther = RpcGroup.make(make("Get", { success: Schema.String })).annotate(Contract.Name, "copies")
const copy = { version, folder: built.slice(0, built.lastIndexOf("/dist/")) }

it("finds nothing to say of operations of our own copy, whatever was done to them", () => {
  class Extended extends (Get as unknown as new () => object) {}
  const groups = [
    RpcGroup.make(Get),
    RpcGroup.make(Get.annotate(Contract.Safe, true)).prefix("stock."),
    RpcGroup.make(Extended as unknown as typeof Get)
  ]
  for (const group of groups) assert.isUndefined(twoCopies(group))
})

it("names both copies, by version and folder", () => {
  const limit = Error.stackTraceLimit
  assert.deepStrictEqual(twoCopies(ofOther), { ofContract: copy, ofCore: copy })
  assert.strictEqual(Error.stackTraceLimit, limit)
})

it("says so as well when a copy has no folder that could be found", () => {
  // As after bundling: no stack leads into a package.
  const bundled = Object.assign(() => {}, { annotate: () => undefined })
  const group = { requests: new Map([["Get", bundled]]) } as unknown as typeof ofOther
  assert.deepStrictEqual(twoCopies(group)?.ofContract, { version: "unknown", folder: "unknown" })
})

it.effect("P1/start: both sides refuse a contract of another copy, before they look into it", () =>
  Effect.gen(function* () {
    const handlers = ofOther.toLayer({ Get: () => Effect.succeed("") })
    const sides = [
      Layer.build(Requester.layer([ofOther])).pipe(Effect.scoped, Effect.asVoid),
      Layer.build(Responder.layer(ofOther).pipe(Layer.provide(handlers))).pipe(Effect.scoped, Effect.asVoid)
    ]
    for (const side of sides) {
      const error = yield* Effect.flip(side)
      assert.strictEqual(error.reason._tag, "TwoCopiesOfEffect")
      assert.include(error.message, `effect ${version} (${copy.folder})`)
    }
  }).pipe(Effect.provide(MemoryTransport.layer))
)
