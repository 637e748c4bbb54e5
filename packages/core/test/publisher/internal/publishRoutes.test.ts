import { assert, describe, it } from "@effect/vitest"
import { PublishRoutes } from "../../../src/publisher/internal/publishRoutes.ts"
import { Item } from "../ScriptedLink.ts"

const at = (topic: string, partition = 0) => new Item(0, { topic, partition })

describe("PublishRoutes", () => {
  it("forgets partitions that have neither a leader nor records, and only those", () => {
    const leaders = new Map([["led", 1]])
    const routes = new PublishRoutes((topic) => leaders.get(topic) ?? -1)
    const waiting = at("waiting")
    const lane = routes.laneOf(waiting)
    lane.offer(waiting)
    routes.laneOf(at("led"))
    for (let i = 0; i < 1_000; i++) assert.strictEqual(routes.laneOf(at(`gone-${i}`, i)), lane)
    routes.reroute()
    assert.deepStrictEqual(routes.topicsIn(lane), ["waiting"])
    assert.deepStrictEqual(routes.topicsIn(routes.laneOf(at("led"))), ["led"])
    // Asked for again, it is routed as if it were new.
    leaders.set("gone-1", 2)
    assert.strictEqual(routes.laneOf(at("gone-1", 1)).leader, 2)
    leaders.set("waiting", 1)
    assert.deepStrictEqual([...routes.reroute()], [routes.laneOf(at("led"))])
    assert.deepStrictEqual([lane.size, routes.laneOf(waiting).size], [0, 1])
  })
})
