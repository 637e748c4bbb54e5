import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Scope from "effect/Scope"
import * as CallRecorder from "../../src/requester/internal/callRecorder.ts"
import * as ServeRecorder from "../../src/responder/internal/serveRecorder.ts"
import * as RequesterMetrics from "../../src/telemetry/RequesterMetrics.ts"
import * as ResponderMetrics from "../../src/telemetry/ResponderMetrics.ts"

const valueOf = (gauge: Metric.Gauge<number>) => Effect.map(Metric.value(gauge), ({ value }) => value)

describe("the gauges of several layers in one process", () => {
  it.effect("tell what is open at all responders, without those that closed", () =>
    Effect.gen(function* () {
      const before = yield* valueOf(ResponderMetrics.open)
      const scope = yield* Scope.make()
      const closing = yield* Scope.provide(ServeRecorder.make, scope)
      const other = yield* ServeRecorder.make
      closing.open(3)
      other.open(1)
      other.open(2)
      assert.strictEqual((yield* valueOf(ResponderMetrics.open)) - before, 5)
      closing.running(1)
      other.running(1)
      assert.strictEqual(yield* valueOf(ResponderMetrics.running), 2)
      yield* Scope.close(scope, Exit.void)
      // A handler that outlived its responder.
      closing.open(2)
      assert.strictEqual((yield* valueOf(ResponderMetrics.open)) - before, 2)
      assert.strictEqual(yield* valueOf(ResponderMetrics.running), 1)
    })
  )

  it.effect("tell the calls in flight of all requesters", () =>
    Effect.gen(function* () {
      const before = yield* valueOf(RequesterMetrics.inFlight)
      const one = yield* CallRecorder.make
      const other = yield* CallRecorder.make
      one.started(1)
      other.started(1)
      other.started(2)
      assert.strictEqual((yield* valueOf(RequesterMetrics.inFlight)) - before, 3)
      other.ended("Get", "success", 1, 1)
      assert.strictEqual((yield* valueOf(RequesterMetrics.inFlight)) - before, 2)
    })
  )
})
