/**
 * Bugs of the responder's machine: what it counts, and whom it tells that there is room.
 */
import { Commands } from "@kafka-request-reply/core/simulator/responder/internal/commands"
import { Ownership } from "@kafka-request-reply/core/simulator/responder/internal/ownership"
import { type Mutant, ofClasses, replace } from "./Mutant.ts"

const repliesFillForEver = ofClasses(
  "replies fill the memory for ever",
  "the bytes of replies that were written still count, so that nobody gets a turn any more",
  () =>
    replace(
      Ownership.prototype,
      "close",
      (original) =>
        function (taken, isDone) {
          // More than a responder may hold.
          taken.replyBytes -= 64 * 1024 * 1024
          return original.call(this, taken, isDone)
        }
    )
)

const roomNotTold = ofClasses("room not told", "a partition that waited for room is not fetched again", () =>
  replace(
    Commands.prototype,
    "add",
    (original) =>
      function (what, ...given) {
        if (what !== "resume") original.call(this, what, ...given)
      }
  )
)

export const machineMutants: ReadonlyArray<Mutant> = [repliesFillForEver, roomNotTold]
