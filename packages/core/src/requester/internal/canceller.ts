/**
 * Tells a contract's responders that nobody waits for a call any more (semantics: best effort, the deadline is the
 * bound). A cancel goes to every partition of the control topic, since nobody knows which responder has the request.
 */
import { Publication } from "../../transport/Publication.ts"
import type { Publisher } from "../../transport/Publisher.ts"
import * as RequestEnvelope from "../../wire/RequestEnvelope.ts"
import type { CallRecorder } from "./callRecorder.ts"
import type { PendingCall } from "./pendingCall.ts"

export interface Canceller {
  readonly cancel: (call: PendingCall) => void
}

// A cancel that could not be written is not worth a word: the responder drops the work at its deadline.
class Cancel extends Publication {
  override onAcknowledged(): void {}
  override onRefused(): void {}
}

/** `partitions` is the number of partitions of the control topic. */
export const make = (topic: string, partitions: number, publisher: Publisher, recorder: CallRecorder): Canceller => ({
  cancel: (call) => {
    recorder.cancelled()
    const headers = RequestEnvelope.encodeCancel(call.correlationId, call.operation.tag)
    for (let partition = 0; partition < partitions; partition++) {
      publisher.offer(new Cancel({ topic, partition, key: null, value: null, headers }, call.deadline))
    }
  }
})
