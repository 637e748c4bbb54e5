import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { EventLoop } from "../../../src/host/EventLoop.ts"
import { type Generation, GroupMembership } from "../../../src/kafkajs/internal/groupMembership.ts"
import { Ownership } from "../../../src/kafkajs/internal/ownership.ts"
import { joinOptions, makeClient } from "./fakeBroker.ts"

const offsetCommit = 8
const illegalGeneration = 22

const partition = { topic: "orders", partition: 0 }
const offsets = [{ ...partition, offset: 7, metadata: "what runs" }]
const generationOf = (generationId: number, partitions = [partition]): Generation => ({
  generationId,
  memberId: "me",
  partitions,
  since: 0,
  isCooperative: true,
  hasLost: false
})

/** What a member owns in generation 1, and a coordinator that is in `generation` and takes commits of that alone. */
const owned = Effect.gen(function* () {
  const coordinator = { generation: 1, commits: 0 }
  let asking = 1
  const client = yield* makeClient(() => async (apiKey) => {
    if (apiKey !== offsetCommit) return { errorCode: 0, partitions: [], topics: [] }
    const isCurrent = asking === coordinator.generation
    coordinator.commits += isCurrent ? 1 : 0
    return { partitions: [{ ...partition, errorCode: isCurrent ? 0 : illegalGeneration }] }
  })
  const clock = yield* Clock.Clock
  const membership = new GroupMembership(client, joinOptions, "member", clock)
  const { commit } = membership.offsets
  membership.offsets.commit = (committer, given) =>
    Effect.suspend(() => {
      asking = committer.generationId
      return commit.call(membership.offsets, committer, given)
    })
  const eventLoop = yield* EventLoop
  const ownership = new Ownership({ client, eventLoop, clock, join: joinOptions, membership, purpose: "fetch" })
  yield* Effect.addFinalizer(() => ownership.halt)
  yield* ownership.begin(generationOf(1), [{ ...partition, committed: 0, metadata: "" }])
  const answer = yield* Deferred.make<Generation | undefined>()
  return { answer, coordinator, ownership }
})

/** The coordinator has gone on, its answer to the join is on its way, and a commit was made. */
const between = Effect.gen(function* () {
  const { answer, coordinator, ownership } = yield* owned
  const joining = yield* Effect.forkChild(ownership.joining(Deferred.await(answer)), { startImmediately: true })
  coordinator.generation = 2
  const committing = yield* Effect.forkChild(ownership.commit(offsets), { startImmediately: true })
  yield* TestClock.adjust("1 second")
  return { answer, committing, coordinator, joining, ownership }
})

describe("ownership", () => {
  it.effect(
    "P6/rebalance: a commit that comes between the end of a join and its answer is made when that is there",
    () =>
      Effect.gen(function* () {
        const { answer, committing, coordinator, joining } = yield* between
        assert.isUndefined(committing.pollUnsafe())
        // Also of a partition that the new generation gives to others: they get it when this member has let go.
        yield* Deferred.succeed(answer, generationOf(2, []))
        yield* Fiber.join(joining)
        yield* Fiber.join(committing)
        assert.strictEqual(coordinator.commits, 1)
      }).pipe(Effect.scoped)
  )

  it.effect("a commit whose member lost its place while it joined is refused", () =>
    Effect.gen(function* () {
      const { answer, committing } = yield* between
      yield* Deferred.succeed(answer, undefined)
      assert.include((yield* Effect.flip(Fiber.join(committing))).message, "ILLEGAL_GENERATION")
    }).pipe(Effect.scoped)
  )

  it.effect("a commit is refused when others may own its partition after a join", () =>
    Effect.gen(function* () {
      const { answer, committing, coordinator } = yield* between
      yield* Deferred.succeed(answer, { ...generationOf(2), isCooperative: false })
      assert.include((yield* Effect.flip(Fiber.join(committing))).message, "ILLEGAL_GENERATION")
      assert.strictEqual(coordinator.commits, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("a commit is refused when the same partitions are owned anew, where others may have been further", () =>
    Effect.gen(function* () {
      const { answer, committing, coordinator, ownership } = yield* between
      ownership.end()
      yield* ownership.begin(generationOf(2), [{ ...partition, committed: 9, metadata: "" }])
      yield* Deferred.succeed(answer, undefined)
      assert.include((yield* Effect.flip(Fiber.join(committing))).message, "ILLEGAL_GENERATION")
      assert.strictEqual(coordinator.commits, 0)
    }).pipe(Effect.scoped)
  )

  it.effect("a commit of a generation that the group left behind is refused at once", () =>
    Effect.gen(function* () {
      const { coordinator, ownership } = yield* owned
      coordinator.generation = 2
      assert.include((yield* Effect.flip(ownership.commit(offsets))).message, "ILLEGAL_GENERATION")
    }).pipe(Effect.scoped)
  )
})
