import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Requester from "../../src/requester/Requester.ts"
import { advance } from "../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../suites/requestReply/programs.ts"
import { Journal, offer } from "./load.ts"
import { overMemory } from "./stuck.ts"

// 10 places and 100 ms: 100 calls a second.
const capacity = 100

const overload = Effect.fnUntraced(function* (maxWaiting: number, seconds: number) {
  const contract = newContract()
  const journal = new Journal()
  yield* serve(contract, { Work: journal.handler(100) }, { concurrency: 10, maxWaiting })
  const { client } = yield* connect(contract, { maxInFlight: 100_000 })
  yield* advance("100 millis")
  const began = yield* Clock.currentTimeMillis
  yield* offer(client, journal, { perSecond: capacity * 3, seconds })
  const over = yield* Clock.currentTimeMillis
  const bytes = journal.mostBytes
  yield* offer(client, journal, { perSecond: capacity * 0.95, seconds: 5 })
  const end = yield* Clock.currentTimeMillis
  yield* advance("6 seconds")
  for (let from = began; from + 5_000 <= over; from += 5_000) {
    assert.isAtLeast(journal.successes(from, from + 5_000), capacity * 5 * 0.9, `from ${from - began} ms`)
  }
  const later = journal.of(over + 1_000, end)
  assert.deepStrictEqual(
    later.filter(({ outcome }) => outcome !== "success"),
    [],
    "1 s after the load has fallen"
  )
  assert.isAtLeast(journal.shareOfBegun(), 0.99, "of those begun have ended in time")
  return bytes
})

const slow = ({ key }: { readonly key: string }) => Effect.as(Effect.sleep("20 seconds"), key)

describe("overload", () => {
  overMemory(
    "P9/overload: at 300 % of capacity successes stay at 90 % of it, and a second after it every call succeeds",
    Effect.gen(function* () {
      const bytes = yield* overload(2_000, 60)
      assert.isAtMost(bytes, 12 * 1024 * 1024)
    })
  )

  overMemory(
    "P9/overload: so it is where the backlog stands in the topic",
    Effect.gen(function* () {
      const bytes = yield* overload(50, 20)
      assert.isAtMost(bytes, 8 * 1024 * 1024)
    })
  )

  overMemory(
    "P9/overload: keys crowded to their limits leave other keys their rate",
    Effect.gen(function* () {
      const contract = newContract()
      const journal = new Journal()
      const options = { concurrency: 16, maxWaiting: 200, maxWaitingPerKey: 25 }
      yield* serve(contract, { Append: slow, Work: journal.handler(100) }, options)
      const { client } = yield* connect(contract, { maxInFlight: 100_000 })
      const began = yield* Clock.currentTimeMillis
      yield* offer(
        client,
        journal,
        // 8 places are left: 80 a second.
        { perSecond: 70, seconds: 20, prefix: "other", timeouts: [1_000] },
        {
          perSecond: 100,
          seconds: 20,
          prefix: "hot",
          timeouts: [60_000],
          call: (client, _, index) =>
            client.Append({ key: `k${index % 8}`, seq: index }).pipe(Requester.withRoutingKey(`k${index % 8}`))
        }
      )
      const end = yield* Clock.currentTimeMillis
      yield* advance("2 seconds")
      assert.isAtLeast(journal.successes(began, end, "other"), 70 * 20 * 0.9)
    })
  )
})
