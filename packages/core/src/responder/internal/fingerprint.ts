/**
 * What two requests with one key are compared by: the SHA-256 of the payload, decoded and encoded again by this side's
 * schema, so that excess keys and the order of keys make no difference.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import type { Operation } from "../../contract/Operation.ts"

/** The fingerprint of a decoded payload, base64. A payload that does not encode is a defect of its schema. */
export const fingerprintOf = (operation: Operation, payload: unknown): Effect.Effect<string> =>
  Effect.map(Effect.orDie(operation.payload.encode(payload)), (json) =>
    createHash("sha256")
      .update(JSON.stringify(json ?? null))
      .digest("base64")
  )
