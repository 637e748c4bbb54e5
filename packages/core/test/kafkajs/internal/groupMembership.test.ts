import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import * as GroupMembership from "../../../src/kafkajs/internal/groupMembership.ts"
import { type Answer, makeClient } from "./fakeBroker.ts"

const offsetFetch = 9
const coordinatorLoading = 14

const generation = { generationId: 1, memberId: "me", partitions: [{ topic: "orders", partition: 0 }], since: 0 }

const join = (answer: Answer) =>
  Effect.gen(function* () {
    const options = {
      groupId: "group",
      topics: ["orders"],
      onAssigned: () => undefined,
      onRecords: (records: ReadonlyArray<unknown>) => records.length,
      onRevoking: Effect.void,
      revokeTimeoutMillis: 1_000
    }
    const membership = yield* GroupMembership.make(yield* makeClient(() => answer), options, "member")
    // Finds the coordinator, as a join does.
    const commit = membership.commit(generation, [{ topic: "orders", partition: 0, offset: 1, metadata: "" }])
    const committing = yield* Effect.forkChild(commit, { startImmediately: true })
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(committing)
    return membership
  })

const loading: Answer = async (apiKey) => ({
  responses: [],
  errorCode: apiKey === offsetFetch ? coordinatorLoading : 0
})

describe("groupMembership", () => {
  it.effect("a coordinator that cannot tell the committed offsets is not taken for one that has no partitions", () =>
    Effect.gen(function* () {
      const membership = yield* join(loading)
      const error = yield* Effect.flip(membership.committed(generation))
      assert.include(error.message, "GROUP_LOAD_IN_PROGRESS")
      assert.isTrue(error.isRetryable)
    }).pipe(Effect.scoped)
  )
})
