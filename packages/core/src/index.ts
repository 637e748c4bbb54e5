/**
 * All public modules under their names: `import { Requester } from "@kafka-request-reply/core"`. A program that starts often
 * imports them by their own paths and loads less. Left out are `KafkajsTransport` and `RequesterProtocol`, which load
 * kafkajs and Effect's RPC client, and what is for tests only.
 */
export * as Contract from "./contract/Contract.ts"
export * as ReplyHeaders from "./responder/ReplyHeaders.ts"
export * as RequestError from "./requester/RequestError.ts"
export * as RequestInfo from "./responder/RequestInfo.ts"
export * as Requester from "./requester/Requester.ts"
export * as Responder from "./responder/Responder.ts"
export * as StartError from "./startup/StartError.ts"
export * as Transport from "./kafka/Transport.ts"
export * as TransportError from "./kafka/TransportError.ts"
export { createClient } from "./promises/Client.ts"
export { serve } from "./promises/Server.ts"
