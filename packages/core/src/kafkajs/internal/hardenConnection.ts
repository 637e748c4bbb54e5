/**
 * Repairs, per connection and without touching kafkajs' prototypes, what its connections do wrong, and sees what passes.
 *
 *   H1  a timer of 1 ms per connection, for ever: the check for throttled requests re-arms itself even when nothing waits
 *   H2  concurrent first requests each open a socket, and all but one are lost
 *   H3  a socket that did not connect in time is left connecting; its late error then ends the live connection
 *   H5  see `socketRegistry.ts`
 *   H6  what came of an answer before its socket was lost is kept, and taken for the beginning of the next socket's first
 *   H8  requests of a throttled client wait inside kafkajs, where nobody sees that they were never sent
 */
import type { Connection } from "./kafkajsInternals.ts"
import type { Progress } from "./progress.ts"

// Of the length that precedes every answer.
const int32Bytes = 4

/** H6: without it the connection is out of step for good, whatever socket it opens. */
const forgetHalfAnAnswer = (connection: Connection): void => {
  connection.chunks = []
  connection.bytesBuffered = 0
  connection.bytesNeeded = int32Bytes
}

/** H1 and H8; tells `progress` what was sent, what was answered, and how long the broker wants quiet. */
const watchQueue = ({ requestQueue: queue }: Connection, progress: Progress): void => {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue)
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule()
  }
  const push = queue.push.bind(queue)
  queue.push = (request) =>
    push({
      ...request,
      sendRequest: () => {
        progress.sent(request.entry.correlationId, request.requestTimeout ?? 0)
        request.sendRequest()
      }
    })
  const fulfill = queue.fulfillRequest.bind(queue)
  queue.fulfillRequest = (answer) => {
    progress.answered(answer.correlationId)
    fulfill(answer)
  }
  const rejectAll = queue.rejectAll.bind(queue)
  queue.rejectAll = (error) => {
    progress.lost()
    rejectAll(error)
  }
  queue.maybeThrottle = (millis) => progress.throttle(millis ?? 0)
}

export const hardenConnection = (connection: Connection, progress: Progress): void => {
  watchQueue(connection, progress)
  const connect = connection.connect.bind(connection)
  let connecting: Promise<unknown> | undefined
  connection.connect = () => {
    if (connecting === undefined && !connection.isConnected()) forgetHalfAnAnswer(connection)
    connecting ??= connect()
      .catch((error: unknown) => {
        connection.socket?.destroy()
        throw error
      })
      .finally(() => {
        connecting = undefined
      })
    return connecting
  }
}
