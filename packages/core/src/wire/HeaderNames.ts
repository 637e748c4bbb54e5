/**
 * The names of the record headers that the protocol itself uses. The three `kafka_` names are those of Spring Kafka's
 * `KafkaHeaders`, byte for byte, so that stock Spring programs can take part.
 *
 * Names are compared as Kafka compares them, case-sensitively: `RR` is not `rr`.
 */

/** Bytes that a reply must return unchanged. */
export const correlationId = "kafka_correlationId"

/** The topic that the reply goes to, UTF-8. */
export const replyTopic = "kafka_replyTopic"

/** The partition that the reply goes to, a big-endian int32. */
export const replyPartition = "kafka_replyPartition"

/** Everything else the protocol says, one dictionary in the syntax of RFC 9651. */
export const rr = "rr"

/** W3C trace context, only on records whose span is sampled. */
export const traceparent = "traceparent"

/** The header by which a NestJS responder marks an error; absent from native replies. */
export const nestError = "kafka_nest-err"

/** The header by which SmallRye responders mark an error by convention; absent from native replies. */
export const smallRyeError = "REPLY_ERROR"

/** Whether a name is one of the five headers of the protocol. */
export const isProtocol = (name: string): boolean =>
  name === correlationId || name === rr || name === replyTopic || name === replyPartition || name === traceparent

/**
 * Whether a caller may not use this name for a header of its own: the protocol's names, and the name spaces of Spring
 * and NestJS (`kafka_`) and SmallRye (`REPLY_`), where a header would change what a foreign program does.
 */
export const isReserved = (name: string): boolean =>
  name === rr || name === traceparent || name.startsWith("kafka_") || name.startsWith("REPLY_")
