/**
 * Requests in one version of our own codecs, where every broker that is supported knows it.
 */
import { because, Refused } from "../../kafka/TransportError.ts"
import { type Api, type ApiVersions, ownRequest, type ProtocolRequest, speaks } from "./kafkajsInternals.ts"

/** Throws when the broker does not know the version. */
export const inVersion = (
  versions: ApiVersions,
  api: Api,
  version: number,
  encode: () => Buffer,
  decode: (bytes: Buffer) => unknown
): ProtocolRequest => {
  if (!speaks(versions, api, version)) {
    const detail = `version ${version} of ${api} is needed (Kafka 2.3 or newer)`
    throw because(new Refused({ code: "UNSUPPORTED_VERSION", detail }))
  }
  return ownRequest(api, version, encode, decode)
}
