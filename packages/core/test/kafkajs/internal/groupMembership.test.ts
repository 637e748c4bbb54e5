import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { GroupMembership } from "../../../src/kafkajs/internal/groupMembership.ts"
import { because, NoAnswer } from "../../../src/kafka/TransportError.ts"
import { type Answer, joinOptions, makeClient } from "./fakeBroker.ts"

const offsetFetch = 9
const offsetCommit = 8
const coordinatorLoading = 14

const partitions = [{ topic: "orders", partition: 0 }]
const generation = { generationId: 1, memberId: "me" }

const join = (answer: Answer) =>
  Effect.gen(function* () {
    const membership = new GroupMembership(yield* makeClient(() => answer), joinOptions, "member", yield* Clock.Clock)
    // Finds the coordinator, as a join does.
    const commit = membership.offsets.commit(generation, [{ topic: "orders", partition: 0, offset: 1, metadata: "" }])
    const committing = yield* Effect.forkChild(commit, { startImmediately: true })
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(committing)
    return membership
  })

const loading: Answer = async (apiKey) => ({
  partitions: [],
  errorCode: apiKey === offsetFetch ? coordinatorLoading : 0
})

describe("groupMembership", () => {
  it.effect("a coordinator that cannot tell the committed offsets is not taken for one that has no partitions", () =>
    Effect.gen(function* () {
      const membership = yield* join(loading)
      const error = yield* Effect.flip(membership.offsets.committed(partitions))
      assert.include(error.message, "GROUP_LOAD_IN_PROGRESS")
      assert.isTrue(error.isRetryable)
    }).pipe(Effect.scoped)
  )

  it.effect("chaos D4: a commit that finds its coordinator silent goes to the one that takes over", () =>
    Effect.gen(function* () {
      let coordinator = 0
      const committed: Array<number> = []
      const answer =
        (nodeId: number): Answer =>
        async (apiKey) => {
          if (apiKey !== offsetCommit) return { errorCode: 0, partitions: [] }
          if (nodeId === 0) throw because(new NoAnswer({ detail: "silence" }))
          committed.push(nodeId)
          return { partitions: [] }
        }
      const client = yield* makeClient(answer, () => coordinator)
      const membership = new GroupMembership(client, joinOptions, "member", yield* Clock.Clock)
      const commit = membership.offsets.commit(generation, [{ topic: "orders", partition: 0, offset: 1, metadata: "" }])
      const committing = yield* Effect.forkChild(commit, { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      assert.isUndefined(committing.pollUnsafe())
      coordinator = 1
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(committing)
      assert.deepStrictEqual(committed, [1])
    }).pipe(Effect.scoped)
  )
})
