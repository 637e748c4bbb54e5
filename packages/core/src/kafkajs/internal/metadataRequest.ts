/**
 * Metadata in the newest version that is known on both sides.
 */
import { because, Refused } from "../../kafka/TransportError.ts"
import { decodeMetadata, encodeMetadata, metadataVersion } from "../../protocol/metadataCodec.ts"
import { apiKeys, type ApiVersions, ownRequest, type ProtocolRequest } from "./kafkajsInternals.ts"

/** Asks for exactly these topics, and creates none. Throws when the broker is too old. */
export const metadataRequest =
  (topics: ReadonlyArray<string>) =>
  (versions: ApiVersions): ProtocolRequest => {
    const version = metadataVersion(versions[apiKeys.Metadata]?.maxVersion ?? 0)
    if (version === undefined) {
      throw because(new Refused({ code: "UNSUPPORTED_VERSION", detail: "Metadata of Kafka 2.3 or newer is needed" }))
    }
    return ownRequest(
      "Metadata",
      version,
      () => encodeMetadata(topics, version),
      (bytes) => decodeMetadata(bytes, version)
    )
  }
