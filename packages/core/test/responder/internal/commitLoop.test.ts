import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as TestClock from "effect/testing/TestClock"
import * as CommitLoop from "../../../src/responder/internal/commitLoop.ts"
import { OffsetLedger } from "../../../src/responder/internal/offsetLedger.ts"
import type { PartitionCommit } from "../../../src/responder/internal/ownership.ts"
import type { ServeRecorder } from "../../../src/responder/internal/serveRecorder.ts"
import type { GroupMember, OffsetCommit } from "../../../src/kafka/Transport.ts"
import { because, Unavailable } from "../../../src/kafka/TransportError.ts"

const unavailable = because(new Unavailable({ code: "REBALANCE_IN_PROGRESS", detail: "" }))

const ledger = new OffsetLedger({ committed: 0, metadata: "" })

/** A member whose commits the test lets pass or fail, and what there is to commit. */
const committing = () => {
  const committed: Array<ReadonlyArray<OffsetCommit>> = []
  const state = { works: true, isMember: true, failures: 0, confirmed: 0, pending: 0, asked: 0 }
  const member: GroupMember = {
    commit: (offsets) =>
      Effect.suspend(() => {
        committed.push(offsets)
        return state.works ? Effect.void : Effect.fail(unavailable)
      }),
    leaseUntil: () => Number.POSITIVE_INFINITY,
    pause: () => {},
    resume: () => {},
    stopFetching: Effect.void,
    leave: Effect.void
  }
  const recorder = { commitFailed: () => void state.failures++ } as ServeRecorder
  const pending = (): ReadonlyArray<PartitionCommit> => {
    state.asked++
    return state.pending === state.confirmed
      ? []
      : [{ partition: 2, offset: state.pending, metadata: "m", ledger, mark: state.pending }]
  }
  const commit = CommitLoop.commitOf(
    "stock.requests",
    () => (state.isMember ? member : undefined),
    pending,
    ([confirmed]) => void (state.confirmed = confirmed!.mark),
    recorder
  )
  return { commit, committed, state }
}

describe("a commit", () => {
  it.effect("carries what changed, and is confirmed when it has worked", () =>
    Effect.gen(function* () {
      const { commit, committed, state } = committing()
      assert.isTrue(yield* commit)
      assert.deepStrictEqual(committed, [])
      state.pending = 5
      state.works = false
      assert.isFalse(yield* commit)
      assert.deepStrictEqual([state.failures, state.confirmed], [1, 0])
      state.works = true
      assert.isTrue(yield* commit)
      const offsets = [{ topic: "stock.requests", partition: 2, offset: 5, metadata: "m", leaderEpoch: undefined }]
      assert.deepStrictEqual(committed, [offsets, offsets])
      assert.strictEqual(state.confirmed, 5)
      assert.isTrue(yield* commit)
      assert.strictEqual(committed.length, 2)
    })
  )

  it.effect("waits for a membership", () =>
    Effect.gen(function* () {
      const { commit, committed, state } = committing()
      state.pending = 5
      state.isMember = false
      yield* commit
      assert.deepStrictEqual([committed.length, state.confirmed], [0, 0])
    })
  )
})

describe("the loop of commits", () => {
  it.effect("commits once in an interval, only when there is something, and again after a failure", () =>
    Effect.gen(function* () {
      const { commit, committed, state } = committing()
      const dirty = Latch.makeUnsafe(false)
      yield* CommitLoop.fork(commit, dirty, "250 millis")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(committed.length, 0)
      for (state.pending = 1; state.pending < 5; state.pending++) {
        dirty.openUnsafe()
        yield* TestClock.adjust(50)
      }
      yield* TestClock.adjust(49)
      assert.strictEqual(committed.length, 0)
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([committed.length, state.confirmed, state.asked], [1, 5, 1])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([committed.length, state.asked], [1, 1])
      state.pending++
      state.works = false
      dirty.openUnsafe()
      yield* TestClock.adjust(750)
      assert.deepStrictEqual([committed.length, state.failures], [4, 3])
      state.works = true
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([committed.length, state.confirmed], [5, 6])
    })
  )
})
