/**
 * Error codes of Kafka's protocol that more than one module decides by. What they mean to a caller is classified elsewhere.
 */
export const offsetOutOfRange = 1
export const topicAuthorizationFailed = 29
