import { assert, describe, it } from "@effect/vitest"
import { AttemptSchedule } from "../../../src/requester/internal/attemptSchedule.ts"
import { Hedger } from "../../../src/requester/internal/hedger.ts"
import { requestErrorOf } from "../../../src/requester/internal/requestErrorOf.ts"
import { RetryBudget } from "../../../src/requester/internal/retry.ts"
import { Sender } from "../../../src/requester/internal/sender.ts"
import { Rejected } from "../../../src/requester/RequestError.ts"
import { operation } from "../../contract/stock.ts"
import { pendingCall, token } from "../fixtures.ts"
import { recorderInto, retryTimes, ScriptedPublisher } from "../ScriptedCalls.ts"

const busy = { operation: "Get", status: "overloaded", detail: "", isTransient: true }

describe("AttemptSchedule", () => {
  it("goes on with a call whose next attempt the sweeper sends as soon as it is woken", () => {
    const publisher = new ScriptedPublisher()
    const sender = new Sender(token, publisher)
    const budget = new RetryBudget(100, 0.1)
    const recorder = recorderInto([])
    const call = pendingCall(1, { policy: retryTimes })
    const schedule: AttemptSchedule = new AttemptSchedule(
      {
        recorder,
        random: { nextDoubleUnsafe: () => 0.5, nextIntUnsafe: () => 0 },
        // The process was busy for longer than the responder asked to wait.
        sweeper: { wakeBy: (at) => void (Number.isFinite(at) && schedule.due(call, at)) }
      },
      sender,
      budget,
      new Hedger(sender, budget, recorder)
    )
    call.isRejected = true
    assert.isTrue(schedule.rejected(call, 1, requestErrorOf(operation("Get"), new Rejected(busy)), 1, 0))
    assert.strictEqual(publisher.offered.length, 1)
  })
})
