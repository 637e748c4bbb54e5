/**
 * Bugs of the responder's machine: who runs, who joins, who is told, and what is remembered of an attempt.
 */
import { Calls, CallEntry } from "@kafka-request-reply/core/simulator/responder/internal/calls"
import { Commands } from "@kafka-request-reply/core/simulator/responder/internal/commands"
import { KeptAnswers } from "@kafka-request-reply/core/simulator/responder/internal/keptAnswers"
import { Ownership } from "@kafka-request-reply/core/simulator/responder/internal/ownership"
import { Replies } from "@kafka-request-reply/core/simulator/responder/internal/reply"
import { Schedule } from "@kafka-request-reply/core/simulator/responder/internal/schedule"
import {
  Claims,
  type KeptAnswer,
  type Request,
  Run
} from "@kafka-request-reply/core/simulator/responder/internal/state"
import * as Effect from "effect/Effect"
import { none } from "./Decorators.ts"
import { both, type Mutant, ofClasses, replace } from "./Mutant.ts"

const answers = KeptAnswers.prototype as KeptAnswers<KeptAnswer>
const schedule = Schedule.prototype as Schedule<Request>

const attemptsUnknown = ofClasses("attempts unknown", "another record of an attempt is taken for a new call", () =>
  replace(
    Calls.prototype,
    "attempt",
    () =>
      function () {
        return undefined
      }
  )
)

const attemptsForgotten = ofClasses("attempts forgotten", "an attempt is forgotten as soon as it has its outcome", () =>
  replace(
    Calls.prototype,
    "forgetUntil",
    (original) =>
      function () {
        return original.call(this, Number.POSITIVE_INFINITY)
      }
  )
)

const neverInterrupted = ofClasses("never interrupted", "no handler is told that its time is up", () =>
  replace(
    Commands.prototype,
    "add",
    (original) =>
      function (what, ...given) {
        if (what !== "interrupt") original.call(this, what, ...given)
      }
  )
)

const endless = ofClasses("run without end", "whoever joins a run gives it all of its own time", () =>
  replace(
    Run.prototype,
    "extend",
    () =>
      function (runBy) {
        this.at = Math.max(this.at, runBy)
      }
  )
)

const claimsNotHeld = ofClasses("claims not held", "nobody can join a run", () =>
  replace(Claims.prototype, "hold", () => function () {})
)

const claimsNotReleased = ofClasses("claims not released", "a run that is over can be joined for ever", () =>
  replace(Claims.prototype, "release", () => function () {})
)

const joinersForgotten = ofClasses("joiners forgotten", "a run answers its own request only", () =>
  replace(
    Run.prototype,
    "takeJoined",
    () =>
      function () {
        return undefined
      }
  )
)

const followersForgotten = ofClasses(
  "followers forgotten",
  "another record of an attempt that is worked on is never done",
  () =>
    replace(
      CallEntry.prototype,
      "takeFollowers",
      () =>
        function () {
          return []
        }
    )
)

const answersNotKept = ofClasses("answers not kept", "what was answered is forgotten when its offset is done", () =>
  replace(
    answers,
    "keep",
    (original) =>
      function (kept, limits, now) {
        return original.call(this, kept, { ...limits, ageMillis: 0 }, now)
      }
  )
)

const anothersAnswer = ofClasses(
  "another key's answer",
  "a repeated request gets the answer that was kept last",
  () => {
    const newest = new WeakMap<KeptAnswers<KeptAnswer>, KeptAnswer>()
    return both(
      replace(
        answers,
        "keep",
        (original) =>
          function (kept, limits, now) {
            newest.set(this, kept)
            return original.call(this, kept, limits, now)
          }
      ),
      replace(
        answers,
        "find",
        (original) =>
          function (id, now) {
            return original.call(this, id, now) === undefined ? undefined : newest.get(this)
          }
      )
    )
  }
)

const placesTwice = ofClasses("places given back twice", "a handler that ends frees two places", () =>
  replace(
    schedule,
    "finished",
    (original) =>
      function (request, at) {
        original.call(this, request, at)
        original.call(this, Object.create(request, { laneKey: { value: undefined } }), at)
      }
  )
)

const leaversStay = ofClasses("leavers stay", "who leaves while it waits keeps its turn", () =>
  replace(schedule, "leave", () => function () {})
)

const neverDone = ofClasses("never done", "the offset of a request stays open when it is answered", () =>
  replace(
    Ownership.prototype,
    "close",
    (original) =>
      function (taken) {
        return original.call(this, taken, false)
      }
  )
)

const settingsUnread: Mutant = {
  ...ofClasses(
    "reply topic not looked at",
    "replies to a compacted topic are written without a key, and given up when the broker refuses them for that",
    () =>
      replace(
        Replies.prototype,
        "refused",
        (original) =>
          function (publication, error) {
            return original.call(this, Object.create(publication, { key: { value: new Uint8Array(1) } }), error)
          }
      )
  ),
  decorators: {
    ...none,
    transport: (transport) => ({
      ...transport,
      topics: { ...transport.topics, configs: () => Effect.succeed({}) }
    })
  }
}

export const runMutants: ReadonlyArray<Mutant> = [
  attemptsUnknown,
  attemptsForgotten,
  neverInterrupted,
  endless,
  claimsNotHeld,
  claimsNotReleased,
  joinersForgotten,
  followersForgotten,
  answersNotKept,
  anothersAnswer,
  placesTwice,
  leaversStay,
  neverDone,
  settingsUnread
]
