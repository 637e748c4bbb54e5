import { sharedBrokers } from "@kafka-request-reply/dev-kafka/SharedBroker"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { makeWorld, run, services, start, type World } from "./support/programs.ts"

const catalogue = "sku,name,available\nTEA-1,Tea,1000\nCUP-1,Cup,3\n"

/** A world whose warehouse has plenty of TEA-1 and three of CUP-1. */
const world = Effect.gen(function* () {
  const made = yield* makeWorld(sharedBrokers)
  const fs = yield* FileSystem.FileSystem
  const file = `${made.folder}/catalogue.csv`
  yield* fs.writeFileString(file, catalogue)
  const withCatalogue: World = { ...made, environment: { ...made.environment, INVENTORY_CATALOGUE: file } }
  return withCatalogue
})

const order = (id: string, sku = "TEA-1", quantity = 1) => JSON.stringify({ orderId: id, sku, quantity })
const orders = (count: number, prefix = "order") =>
  Array.from({ length: count }, (_, i) => order(`${prefix}-${i}`)).join("\n")

const serving = Effect.fnUntraced(function* (world: World) {
  const responder = yield* start("responder", world)
  yield* responder.says(/serving/)
  return responder
})

const seconds = 1000

layer(services, { excludeTestServices: true })("the programs over a real broker", (it) => {
  it.effect(
    "answer every order of a stream, and report the lines that are none",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        yield* serving(here)
        const stdin = [
          order("a"),
          "",
          "no json",
          order("b", "NO-SUCH"),
          order("c", "CUP-1", 4),
          '{"orderId":"d"}'
        ].join("\n")
        const { exitCode, stderr, stdout } = yield* run("requester", here, { args: ["run", "-"], stdin })
        assert.strictEqual(exitCode, 0, stderr)
        assert.match(stdout, /a +1 × TEA-1 .* success +999 left/)
        assert.match(stdout, /success +1 +33\.3 %/)
        assert.match(stdout, /OutOfStock +1 /)
        assert.match(stdout, /UnknownSku +1 /)
        assert.match(stdout, /no order \(line\) +2/)
        assert.match(stdout, /3 calls in .* per second/)
        assert.match(stdout, /p50 .* p90 .* p99 .* max/)
        assert.match(stderr, /line 3 is no order: not JSON/)
        assert.match(stderr, /line 6 is no order: sku is missing; quantity is missing/)
      }),
    60 * seconds
  )

  it.effect(
    "serve a requester that was started first",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const requester = yield* start("requester", here, { args: ["--json", "-"], stdin: orders(50) })
        yield* requester.says(/no answer yet/)
        yield* serving(here)
        const { exitCode, stdout } = yield* requester.ended
        assert.strictEqual(exitCode, 0)
        assert.deepInclude(JSON.parse(stdout), { calls: 50, failures: 0, outcomes: { success: 50 } })
      }),
    60 * seconds
  )

  it.effect(
    "tell by the exit code how a call ended",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const responder = yield* serving(here)
        const call = (...args: ReadonlyArray<string>) => run("requester", here, { args: ["call", ...args] })
        const reserved = yield* call("Reserve", order("order-1", "CUP-1", 2))
        assert.deepStrictEqual(JSON.parse(reserved.stdout), {
          orderId: "order-1",
          sku: "CUP-1",
          quantity: 2,
          remaining: 1
        })
        assert.strictEqual(reserved.exitCode, 0)
        const short = yield* call("Reserve", order("order-2", "CUP-1", 2), "--json")
        assert.strictEqual(short.exitCode, 3)
        assert.deepInclude(JSON.parse(short.stdout), { outcome: "declared", name: "OutOfStock" })
        const cancelled = yield* call("--", "CancelReservation", '{"orderId":"order-1"}')
        assert.strictEqual(cancelled.exitCode, 0, cancelled.stderr)
        const again = yield* call("Reserve", order("order-1", "CUP-1", 2), "--json")
        assert.strictEqual(again.exitCode, 3)
        assert.deepInclude(JSON.parse(again.stdout), { outcome: "declared", name: "OrderClosed" })
        const stock = yield* call("GetStock", '{"sku":"CUP-1"}')
        assert.deepStrictEqual(JSON.parse(stock.stdout), { sku: "CUP-1", available: 3, reserved: 0 })
        yield* responder.signal("SIGTERM")
        assert.strictEqual((yield* responder.ended).exitCode, 0)
        const nobody = yield* call("GetStock", '{"sku":"CUP-1"}', "--timeout", "500 ms")
        assert.strictEqual(nobody.exitCode, 1)
        assert.match(nobody.stderr, /Timeout: .*no responder answered in time/)
        const args = ["run", "-", "--timeout", "500 ms"]
        const unanswered = yield* run("requester", here, { args, stdin: orders(3) })
        assert.strictEqual(unanswered.exitCode, 1)
        assert.match(unanswered.stdout, /Timeout +3 +100\.0 %/)
      }),
    90 * seconds
  )

  it.effect(
    "say at start when a topic is missing, or has another number of partitions",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        for (const program of ["responder", "requester"] as const) {
          const missing = yield* run(program, here, { environment: { KAFKA_TOPICS: "verify" } })
          assert.strictEqual(missing.exitCode, 1)
          assert.match(missing.stderr, /topics \S+\.requests, [^]* do not exist[^]*KAFKA_TOPICS=create/)
        }
        yield* serving(here)
        const other = { KAFKA_PARTITIONS: "2" }
        const call = yield* run("requester", here, {
          args: ["call", "GetStock", '{"sku":"TEA-1"}'],
          environment: other
        })
        assert.strictEqual(call.exitCode, 0)
        assert.match(call.stderr, /topic \S+\.requests exists with 4 partitions, not 2/)
      }),
    60 * seconds
  )

  it.effect(
    "share the work and the stock between two responders",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const [left, right] = yield* Effect.all([serving(here), serving(here)], { concurrency: 2 })
        const { exitCode, stdout } = yield* run("requester", here, { args: ["--json", "-"], stdin: orders(2000) })
        assert.strictEqual(exitCode, 0)
        assert.deepInclude(JSON.parse(stdout).outcomes, { success: 1000, OutOfStock: 1000 })
        for (const responder of [left, right]) {
          yield* responder.signal("SIGINT")
          const end = yield* responder.ended
          assert.strictEqual(end.exitCode, 0)
          assert.match(end.stdout, /stopped after [1-9][\d ]* requests: Reserve/)
        }
      }),
    90 * seconds
  )

  it.effect(
    "stop quietly at Ctrl-C, with the result so far",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const requester = yield* start("requester", here, { args: ["run", "-"], stdin: orders(100) })
        yield* requester.says(/sending/)
        yield* requester.signal("SIGINT")
        const { exitCode, stderr, stdout } = yield* requester.ended
        assert.strictEqual(exitCode, 0)
        assert.match(stdout, /stopped before the end/)
        assert.notMatch(stdout + stderr, /Error|\bat .*\.ts:/)
      }),
    60 * seconds
  )

  it.effect(
    "end at once at the second signal",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        for (const [signal, code] of [
          ["SIGINT", 130],
          ["SIGTERM", 143]
        ] as const) {
          const environment = { REQUESTER_DRAIN_TIMEOUT: "60 s" }
          const requester = yield* start("requester", here, { args: ["run", "-"], stdin: orders(10), environment })
          yield* requester.says(/no answer yet/)
          yield* requester.signal(signal)
          yield* requester.says(/stopping: waiting up to 60 s for 10 answers/)
          // The second within 100 ms of the first would count as the same key press.
          yield* Effect.sleep("200 millis")
          yield* requester.signal(signal)
          assert.strictEqual((yield* requester.ended).exitCode, code)
        }
      }),
    60 * seconds
  )

  it.effect(
    "survive the death of the responder: what was reserved stays reserved",
    () =>
      Effect.gen(function* () {
        const here = yield* world
        const first = yield* serving(here)
        yield* run("requester", here, { args: ["--json", "-"], stdin: orders(20) })
        yield* first.signal("SIGKILL")
        yield* first.ended
        yield* serving(here)
        const again = yield* run("requester", here, { args: ["--json", "-"], stdin: orders(20) })
        assert.deepInclude(JSON.parse(again.stdout).outcomes, { success: 20 })
        const stock = yield* run("requester", here, { args: ["call", "GetStock", '{"sku":"TEA-1"}'] })
        assert.deepStrictEqual(JSON.parse(stock.stdout), { sku: "TEA-1", available: 980, reserved: 20 })
      }),
    90 * seconds
  )
})
