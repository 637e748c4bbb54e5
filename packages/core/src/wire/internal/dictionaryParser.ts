/**
 * The parser of RFC 9651 section 4.2.2 (dictionaries), by hand because it runs for every record.
 *
 * Nothing in the grammar of dictionaries nests, so neither does the parser; a syntax error anywhere fails the whole
 * text, as the RFC demands.
 */
import * as Result from "effect/Result"
import { type Dictionary, Opaque, Token, type Value } from "../DictionaryValue.ts"

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isLower = (code: number): boolean => code >= 0x61 && code <= 0x7a
const isAlpha = (code: number): boolean => isLower(code | 0x20)

const codesOf = (characters: string): Uint8Array => {
  const set = new Uint8Array(256)
  for (const character of characters) set[character.charCodeAt(0)] = 1
  return set
}

const lower = "abcdefghijklmnopqrstuvwxyz"
const alphanumeric = `${lower}${lower.toUpperCase()}0123456789`
const keyCodes = codesOf(`${lower}0123456789_-.*`)
const tokenCodes = codesOf(`${alphanumeric}!#$%&'*+-.^_\`|~:/`)
const plainCodes = new Uint8Array(256).fill(1, 0x20, 0x7f)
plainCodes[0x22] = plainCodes[0x5c] = 0
const isFollowed = (text: string, at: number): boolean => at < text.length && text.charCodeAt(at) !== 0x2c
// Padding may be missing, as the RFC asks for, but not be wrong.
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const displayText = /^(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*$/
const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

/** Thrown inside the parser and caught at its entrance: errors are rare, checks for them on every step are not free. */
class SyntaxFault {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

// Private by keyword and not by `#`, whose checks at run time made parsing a third slower.
class Parser {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  /** The code of the current character; -1 at the end, which no comparison accepts. */
  private get code(): number {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1
  }

  private fail(expected: string): never {
    throw new SyntaxFault(`${expected} expected at character ${this.at}`)
  }

  private skipSpaces(): void {
    while (this.code === 0x20) this.at++
  }

  private skipBlanks(): void {
    while (this.code === 0x20 || this.code === 0x09) this.at++
  }

  dictionary(): Dictionary {
    const members = new Map<string, Value>()
    const text = this.text
    const { length } = text
    this.skipSpaces()
    while (this.at < length) {
      const key = this.key()
      members.set(key, this.plain() ?? this.value())
      if (this.at >= length) break
      this.skipBlanks()
      if (this.at >= length) break
      if (!this.isNext(0x2c)) this.fail("a comma")
      this.skipBlanks()
      if (this.at >= length) this.fail("a member after the comma")
    }
    return members
  }

  /** A value without parameters of the two types most members have; undefined, and nothing read, when it is another. */
  private plain(): Value | undefined {
    const text = this.text
    const { length } = text
    let at = this.at
    if (at + 1 >= length || text.charCodeAt(at) !== 0x3d) return undefined
    let code = text.charCodeAt(++at)
    if (code === 0x22) {
      const start = ++at
      while (at < length && plainCodes[(code = text.charCodeAt(at))] === 1) at++
      if (at >= length || code !== 0x22 || isFollowed(text, at + 1)) return undefined
      this.at = at + 1
      return text.slice(start, at)
    }
    const start = at
    let integer = 0
    while (isDigit(code)) {
      integer = integer * 10 + (code - 0x30)
      code = ++at < length ? text.charCodeAt(at) : 0x2c
    }
    if (at === start || at - start > 15 || code !== 0x2c) return undefined
    this.at = at
    return integer
  }

  private value(): Value {
    if (!this.isNext(0x3d)) return this.flag()
    return this.code === 0x28 ? this.innerList() : this.item()
  }

  private isNext(code: number): boolean {
    if (this.code !== code) return false
    this.at++
    return true
  }

  private key(): string {
    const start = this.at
    if (!isLower(this.code) && this.code !== 0x2a) this.fail("a key")
    return this.run(start, keyCodes)
  }

  /** The characters from here that are in the set. */
  private run(start: number, set: Uint8Array): string {
    const text = this.text
    let at = start
    while (at < text.length && set[text.charCodeAt(at)] === 1) at++
    this.at = at
    return text.slice(start, at)
  }

  private flag(): Value {
    this.parameters()
    return true
  }

  private item(): Value {
    const value = this.bareItem()
    this.parameters()
    return value
  }

  private parameters(): void {
    while (this.isNext(0x3b)) {
      this.skipSpaces()
      this.key()
      if (this.isNext(0x3d)) this.bareItem()
    }
  }

  private innerList(): Value {
    this.at++
    for (;;) {
      this.skipSpaces()
      if (this.isNext(0x29)) break
      this.item()
      if (this.code !== 0x20 && this.code !== 0x29) this.fail("a space or the end of the list")
    }
    this.parameters()
    return new Opaque("inner-list")
  }

  private bareItem(): Value {
    const code = this.code
    if (isDigit(code) || code === 0x2d) return this.number()
    if (code === 0x22) return this.string()
    if (isAlpha(code) || code === 0x2a) return this.token()
    if (code === 0x3a) return this.bytes()
    if (code === 0x3f) return this.boolean()
    if (code === 0x40) return this.date()
    if (code === 0x25) return this.displayString()
    return this.fail("a value")
  }

  private number(): Value {
    const isNegative = this.isNext(0x2d)
    const text = this.text
    const start = this.at
    let at = start
    let integer = 0
    for (;;) {
      const code = at < text.length ? text.charCodeAt(at) : -1
      if (!isDigit(code)) break
      integer = integer * 10 + (code - 0x30)
      at++
    }
    this.at = at
    const digits = at - start
    if (digits === 0) this.fail("a digit")
    if (digits > 15) this.fail("a number of at most 15 digits")
    if (this.isNext(0x2e)) {
      const fraction = this.at
      while (isDigit(this.code)) this.at++
      const places = this.at - fraction
      if (digits > 12 || places < 1 || places > 3) this.fail("a decimal of at most 12 and 3 digits")
      return new Opaque("decimal")
    }
    return isNegative && integer !== 0 ? -integer : integer
  }

  private string(): string {
    const start = ++this.at
    let parts = ""
    let from = start
    for (;;) {
      const code = this.code
      if (code === 0x22) break
      if (!(code >= 0x20 && code <= 0x7e)) this.fail("a printable character or the closing quote")
      if (code === 0x5c) {
        parts += this.text.slice(from, this.at++)
        if (this.code !== 0x22 && this.code !== 0x5c) this.fail("a quote or backslash after the backslash")
        from = this.at
      }
      this.at++
    }
    const end = this.at++
    return from === start ? this.text.slice(start, end) : parts + this.text.slice(from, end)
  }

  private token(): Token {
    return new Token(this.run(this.at, tokenCodes))
  }

  private bytes(): Uint8Array {
    const end = this.text.indexOf(":", this.at + 1)
    if (end < 0) this.fail("the closing colon")
    const content = this.text.slice(this.at + 1, end)
    if (!base64.test(content)) this.fail("base64")
    this.at = end + 1
    return Buffer.from(content, "base64")
  }

  private boolean(): boolean {
    this.at++
    if (this.isNext(0x31)) return true
    if (this.isNext(0x30)) return false
    return this.fail("0 or 1")
  }

  private date(): Value {
    this.at++
    if (typeof this.number() !== "number") this.fail("an integer")
    return new Opaque("date")
  }

  private displayString(): Value {
    if (this.text.charCodeAt(++this.at) !== 0x22) this.fail("an opening quote")
    const end = this.text.indexOf(`"`, ++this.at)
    if (end < 0) this.fail("the closing quote")
    const content = this.text.slice(this.at, end)
    if (!displayText.test(content)) this.fail("printable characters and lower-case escapes")
    const plain = content.replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    try {
      strictUtf8.decode(Buffer.from(plain, "latin1"))
    } catch {
      this.fail("UTF-8 in the escapes")
    }
    this.at = end + 1
    return new Opaque("display-string")
  }
}

/** The dictionary that a text is, or the first fault in it. Total. */
export const parse = (text: string): Result.Result<Dictionary, string> => {
  try {
    return Result.succeed(new Parser(text).dictionary())
  } catch (fault) {
    if (fault instanceof SyntaxFault) return Result.fail(fault.reason)
    throw fault
  }
}
