import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as CallSettings from "../../src/requester/CallSettings.ts"
import { operation } from "../contract/stock.ts"

const read = (own?: Context.Context<never>, tag: "Get" | "Odd" = "Odd") =>
  Effect.withFiber((fiber) => Effect.succeed(CallSettings.read(operation(tag), own, fiber)))

const metadata = { headers: [], attempt: 2, answeredAt: 7, answeredBy: "here" }

describe("the settings of a call", () => {
  it.effect("are its own before those around it, and those before the contract's", () =>
    Effect.gen(function* () {
      const own = Context.make(CallSettings.Timeout, "1 second" as const)
      const around = CallSettings.withTimeout("3 seconds")
      const timeouts = [
        yield* around(read(own)),
        yield* around(read()),
        yield* read(own),
        yield* read(),
        yield* read(undefined, "Get")
      ]
      assert.deepStrictEqual(
        timeouts.map(({ timeout }) => timeout),
        ["1 second", "3 seconds", "1 second", "2 seconds", undefined]
      )
    })
  )

  it.effect("have defaults", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read(undefined, "Get"), {
        timeout: undefined,
        routingKey: undefined,
        waitsForReady: true,
        isHedged: false,
        observer: undefined
      })
    })
  )

  it.effect("reach calls deep inside, the innermost first", () =>
    Effect.gen(function* () {
      const inner = CallSettings.withRoutingKey("inner")(read())
      const settings = yield* Effect.all([read(), inner]).pipe(
        CallSettings.withRoutingKey("outer"),
        CallSettings.withWaitForReady(false)
      )
      assert.deepStrictEqual(
        settings.map(({ routingKey, waitsForReady }) => [routingKey, waitsForReady]),
        [
          ["outer", false],
          ["inner", false]
        ]
      )
    })
  )

  it.effect("can ask for the metadata of the last reply", () =>
    Effect.gen(function* () {
      const calls = Effect.gen(function* () {
        const { observer } = yield* read()
        observer?.({ ...metadata, attempt: 1 })
        observer?.(metadata)
        return "done"
      })
      assert.deepStrictEqual(yield* CallSettings.withReplyMetadata(calls), ["done", metadata])
      const none = yield* CallSettings.withReplyMetadata(Effect.succeed("done"))
      assert.deepStrictEqual(none, ["done", undefined])
    })
  )

  it.effect("take headers in both forms, the inner ones over outer ones of the same name", () =>
    Effect.gen(function* () {
      const inner = Effect.withFiber((fiber) => Effect.succeed(CallSettings.headersOf(undefined, fiber)))
      const both = CallSettings.withHeaders(inner, { Tenant: "inner" }).pipe(
        CallSettings.withHeaders([
          ["tenant", "1"],
          ["Tenant", "2"],
          ["tenant", "3"]
        ])
      )
      assert.deepStrictEqual(yield* both, [
        ["tenant", "1"],
        ["tenant", "3"],
        ["Tenant", "inner"]
      ])
      // Whatever is wrong is told by the call.
      for (const wrong of [null, undefined, 7, [1], "x"]) yield* CallSettings.withHeaders(inner, wrong as never)
    })
  )
})
