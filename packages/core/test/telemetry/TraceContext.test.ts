import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { parentOf, traceparentOf } from "../../src/telemetry/TraceContext.ts"
import { ascii, elementOf, oneOf, text } from "../wire/arbitraries.ts"

const sampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

describe("a traceparent", () => {
  it.effect("names the span it was made of", () =>
    Effect.useSpan("call", (span) =>
      Effect.sync(() => {
        const header = traceparentOf(span)
        assert.strictEqual(header, `00-${span.traceId}-${span.spanId}-01`)
        const parent = parentOf(header!)
        assert.deepStrictEqual(
          [parent?._tag, parent?.traceId, parent?.spanId, parent?.sampled],
          ["ExternalSpan", span.traceId, span.spanId, true]
        )
      })
    ).pipe(Effect.provideService(Tracer.ParentSpan, parentOf(sampled)!))
  )

  it.effect("is not sent for a span that is not sampled", () =>
    Effect.useSpan("call", { sampled: false }, (span) => Effect.sync(() => assert.isUndefined(traceparentOf(span))))
  )

  it("of version 00 is read", () => {
    const parent = parentOf(sampled)
    assert.deepStrictEqual(
      [parent?.traceId, parent?.spanId, parent?.sampled],
      ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true]
    )
    assert.isFalse(parentOf(`${sampled.slice(0, -2)}00`)?.sampled)
  })

  const noise = oneOf(
    text(0, 60),
    ascii(0, 60),
    elementOf([`${sampled}-extra`, sampled.slice(3), sampled.replace("0af", "xyz"), sampled.replaceAll("-", "")])
  )
  it.prop("is read or ignored, whatever it is", [noise], ([header]) => {
    const parent = parentOf(header)
    if (parent === undefined) return
    assert.match(parent.traceId, /^[0-9a-f]{32}$/)
    assert.match(parent.spanId, /^[0-9a-f]{16}$/)
  })
})
