/**
 * The limits of the protocol. A decoder refuses what is beyond them, so that no record can make it work or remember
 * without bound; an encoder is given nothing beyond them by its callers.
 */

/** The version of the protocol that this library speaks, the value of `v`. */
export const protocolVersion = 1

/** Bytes of all header names and values of one record together. */
export const maxHeaderBytes = 65_536

/** Bytes of the headers that a caller or a handler adds, names and values: the rest is left to the protocol. */
export const maxCallHeaderBytes = 57_344

/** Headers of one record. */
export const maxHeaderCount = 256

/** Headers that a caller or a handler adds. */
export const maxCallHeaderCount = 240

/** Bytes of the `rr` header. */
export const maxDictionaryBytes = 4_096

/** Bytes of a correlation id. Ours have 16; foreign ones have any length up to this. */
export const maxCorrelationIdBytes = 256

/** Characters of a topic name: Kafka's own limit. */
export const maxTopicLength = 249

/** UTF-8 bytes of an operation's name. */
export const maxOperationBytes = 255

/** UTF-8 bytes of an idempotency key; of a longer one the digest travels. */
export const maxKeyBytes = 256

/** Characters of a status, a content type, an instance name. */
export const maxLabelLength = 255

/** Characters of a `traceparent`; a longer one is ignored. Version 00 has 55. */
export const maxTraceparentLength = 128

/** The largest int32: partitions, attempts and durations in milliseconds are at most this. */
export const maxInt32 = 2_147_483_647

/** The largest integer of RFC 9651, 15 digits: instants in epoch milliseconds are at most this (year 33 658). */
export const maxInteger = 999_999_999_999_999
