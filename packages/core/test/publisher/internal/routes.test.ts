import { assert, describe, it } from "@effect/vitest"
import { RefreshSchedule } from "../../../src/publisher/internal/refreshSchedule.ts"
import { Routes } from "../../../src/publisher/internal/routes.ts"
import { Item } from "../ScriptedLink.ts"

const at = (topic: string, partition = 0) => new Item(0, { topic, partition })
const schedule = () => new RefreshSchedule({ min: 50, max: 250 })

describe("Routes", () => {
  it("P9/limit: forgets partitions that have neither a leader nor records, and only those", () => {
    const leaders = new Map([["led", 1]])
    const routes = new Routes((topic) => leaders.get(topic) ?? -1, schedule())
    const waiting = routes.queueOf(at("waiting"))
    waiting.offer(at("waiting"))
    const led = routes.queueOf(at("led"))
    for (let i = 0; i < 1_000; i++) assert.isUndefined(routes.queueOf(at(`gone-${i}`, i)).window)
    assert.deepStrictEqual(routes.leaderless(), [waiting])
    assert.deepStrictEqual(routes.reroute(), [])
    assert.deepStrictEqual([...routes.queues()], [waiting, led])
    // Asked for again, it is routed as if it were new.
    leaders.set("gone-1", 2)
    assert.strictEqual(routes.queueOf(at("gone-1", 1)).window?.leader, 2)
    leaders.set("waiting", 1)
    assert.deepStrictEqual(routes.reroute(), [{ queue: waiting, from: undefined }])
    assert.strictEqual(waiting.window, led.window)
    assert.strictEqual(waiting.ready, 1)
  })

  it("notes a partition that comes while a look is under way", () => {
    const looks = schedule()
    const routes = new Routes(() => -1, looks)
    assert.isFalse(routes.queueOf(at("a")).isMissed)
    looks.begin()
    assert.deepStrictEqual([routes.queueOf(at("a")).isMissed, routes.queueOf(at("b")).isMissed], [false, true])
  })
})
