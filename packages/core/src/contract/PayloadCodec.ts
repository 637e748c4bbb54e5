/**
 * Between the JSON form of a message and the bytes of a record's value. JSON is the one content type that ships; another
 * one would be another value of this shape.
 */
import { isUtf8 } from "node:buffer"
import * as Result from "effect/Result"
import { asBuffer } from "../wire/Bytes.ts"

export interface PayloadCodec {
  readonly contentType: string
  /** `undefined` becomes `null`: a reply always has a body. Fails on values that JSON cannot express (cycles, bigint). */
  readonly toBytes: (value: unknown) => Result.Result<Uint8Array, string>
  /** Fails on anything that is not one JSON text in valid UTF-8. */
  readonly fromBytes: (bytes: Uint8Array | null) => Result.Result<unknown, string>
}

const detailOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** UTF-8 JSON (RFC 8259). A null record value reads as JSON `null`, so that tombstones are legal replies. */
export const json: PayloadCodec = {
  contentType: "application/json",
  toBytes: (value) => {
    try {
      return Result.succeed(Buffer.from(JSON.stringify(value ?? null), "utf8"))
    } catch (cause) {
      return Result.fail(detailOf(cause))
    }
  },
  fromBytes: (bytes) => {
    if (bytes === null) return Result.succeed(null)
    // Buffer's UTF-8 is several times faster than TextDecoder on short texts.
    const buffer = asBuffer(bytes)
    // Buffer would silently replace invalid UTF-8, which changes the payload.
    if (!isUtf8(buffer)) return Result.fail("it is no valid UTF-8")
    try {
      return Result.succeed(JSON.parse(buffer.toString("utf8")) as unknown)
    } catch (cause) {
      return Result.fail(detailOf(cause))
    }
  }
}
