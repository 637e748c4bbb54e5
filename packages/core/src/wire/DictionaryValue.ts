/**
 * What a member of a dictionary may hold (RFC 9651 section 3.3), as far as the protocol tells types apart.
 */

/** A token: text without quotes, used for words of the protocol. */
export class Token {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** A value that is well-formed but of a type that no key of the protocol has. */
export class Opaque {
  readonly kind: "decimal" | "date" | "display-string" | "inner-list"

  constructor(kind: Opaque["kind"]) {
    this.kind = kind
  }
}

/** A string is an RFC 9651 string, a number an integer, bytes a byte sequence. */
export type Value = string | number | boolean | Uint8Array | Token | Opaque

/** Members by key; when a key repeats, the last one counts. */
export type Dictionary = ReadonlyMap<string, Value>
