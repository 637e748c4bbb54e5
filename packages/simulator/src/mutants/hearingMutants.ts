/**
 * Bugs of the way back when the broker of a reply partition is gone.
 */
import { Calls } from "@kafka-request-reply/core/simulator/requester/internal/calls"
import type { ReadPartition } from "@kafka-request-reply/core/Transport"
import * as Effect from "effect/Effect"
import { type Mutant, ofClasses, ofServices, replace } from "./Mutant.ts"

const ofReads = (name: string, what: string, spoil: (read: ReadPartition) => ReadPartition): Mutant =>
  ofServices(name, what, {
    transport: (transport) => ({ ...transport, readPartition: (read) => transport.readPartition(spoil(read)) })
  })

const lossUnheard = ofReads(
  "lost hearing ignored",
  "calls go on naming a reply partition that cannot be read",
  (read) => ({ ...read, onHearing: () => {} })
)

const neverAgain = ofReads(
  "hearing never comes back",
  "a reply partition that answers again is still taken for silent",
  (read) => ({ ...read, onHearing: (why) => why !== undefined && read.onHearing?.(why) })
)

const heldForEver = ofClasses("held calls forgotten", "calls that waited for an address are not sent", () =>
  replace(
    Calls.prototype,
    "hold",
    (original) =>
      function (error) {
        original.call(this, error)
        this.hearAt = () => {}
      }
  )
)

const oldReaderClosed = ofClasses(
  "old reader closed at once",
  "replies to the partition that calls named before are not read any more",
  () =>
    replace(
      Calls.prototype,
      "mark",
      () =>
        function () {
          return () => true
        }
    )
)

const deafMeansLost = ofClasses("silence taken for loss", "a silent reply partition fails every call that waits", () =>
  replace(
    Calls.prototype,
    "hold",
    () =>
      function (error) {
        this.deafen(error)
      }
  )
)

const noOther: Mutant = ofServices("no other partition", "only the first reply partition is ever read", {
  transport: (transport) => {
    let isFirst = true
    return {
      ...transport,
      readPartition: (read) => {
        if (read.from !== "end" || !read.topic.endsWith(".replies") || isFirst) {
          if (read.topic.endsWith(".replies")) isFirst = false
          return transport.readPartition(read)
        }
        return Effect.never
      }
    }
  }
})

export const hearingMutants: ReadonlyArray<Mutant> = [
  lossUnheard,
  neverAgain,
  heldForEver,
  oldReaderClosed,
  deafMeansLost,
  noOther
]
