/**
 * The generators of the wire tests: texts, bytes, headers and envelopes within the protocol's bounds, and damage.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"
import * as Bounds from "../../src/wire/Bounds.ts"
import * as HeaderNames from "../../src/wire/HeaderNames.ts"
import * as IdempotencyKey from "../../src/wire/IdempotencyKey.ts"
import type { RecordHeader, RecordHeaders } from "../../src/wire/RecordHeaders.ts"
import type { ReplyAddress } from "../../src/wire/ReplyAddress.ts"
import * as ReplyEnvelope from "../../src/wire/ReplyEnvelope.ts"
import type { RequestEnvelope } from "../../src/wire/RequestEnvelope.ts"
import * as Status from "../../src/wire/Status.ts"

type Arb<A> = Arbitrary.Arbitrary<A>

export const int = (minimum: number, maximum: number): Arb<number> =>
  Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })))

export const elementOf = <A>(elements: ReadonlyArray<A>): Arb<A> =>
  Arbitrary.map(int(0, elements.length - 1), (index) => elements[index]!)

export const oneOf = <A>(...choices: ReadonlyArray<Arb<A>>): Arb<A> =>
  Arbitrary.flatMap(int(0, choices.length - 1), (index) => choices[index]!)

export const maybe = <A>(arbitrary: Arb<A>): Arb<A | undefined> =>
  oneOf<A | undefined>(Arbitrary.Constant(undefined), arbitrary, arbitrary)

export const boolean: Arb<boolean> = elementOf([false, true])

export const bytes = (minLength: number, maxLength: number): Arb<Uint8Array> =>
  Arbitrary.map(Arbitrary.array(int(0, 255), { minLength, maxLength }), (codes) => Uint8Array.from(codes))

const textOf = (characters: Arb<string>) => (minLength: number, maxLength: number) =>
  Arbitrary.map(Arbitrary.array(characters, { minLength, maxLength }), (parts) => parts.join(""))

const codePoint = (minimum: number, maximum: number): Arb<string> =>
  Arbitrary.map(int(minimum, maximum), (code) => String.fromCodePoint(code))

/** Printable ASCII, quotes and backslashes more often than chance has it. */
export const ascii = textOf(oneOf(codePoint(0x20, 0x7e), elementOf([`"`, "\\", ",", " "])))

/** Well-formed text: lone surrogates have no UTF-8. */
export const text = textOf(
  oneOf(codePoint(0x20, 0x7e), codePoint(0, 0x2ff), codePoint(0xe000, 0xffff), codePoint(0x10000, 0x10ffff))
)

/** Text for the syntax of dictionaries, of the characters that mean something there; no `@`, see the dates' own test. */
export const syntax = textOf(
  oneOf(elementOf([...' \t,,==;()""\\::??%-.*01459azAZ_/~']), elementOf([...' \t,,==;()""\\::??%-.*019ae']))
)

export const topic: Arb<string> = Arbitrary.filter(
  textOf(elementOf([..."abcXYZ019._-"]))(1, 30),
  (name) => name !== "." && name !== ".."
)

export const replyTo: Arb<ReplyAddress> = Arbitrary.all({
  topic,
  partition: maybe(oneOf(int(0, 300), int(0, Bounds.maxInt32)))
})

const otherName = oneOf(
  elementOf(["kafka_nest-is-disposed", "__TypeId__", "RR", "x-tenant", "x-tenant", "REPLY_TOPIC", ""]),
  text(0, 8)
)

/** Headers that are not the protocol's; names repeat, values may be empty. */
export const otherHeaders: Arb<RecordHeaders> = Arbitrary.array(
  Arbitrary.all([Arbitrary.filter(otherName, (name) => !HeaderNames.isProtocol(name)), bytes(0, 12)] as const),
  { maxLength: 4 }
)

/** Any headers at all, the protocol's names among them. */
export const anyHeaders: Arb<RecordHeaders> = Arbitrary.array(
  Arbitrary.all([
    oneOf(
      elementOf([HeaderNames.rr, HeaderNames.rr, HeaderNames.correlationId, HeaderNames.replyTopic]),
      elementOf([HeaderNames.replyPartition, HeaderNames.traceparent, HeaderNames.nestError]),
      otherName
    ),
    oneOf(
      bytes(0, 300),
      Arbitrary.map(syntax(0, 40), (line) => Buffer.from(line, "latin1")),
      Arbitrary.map(syntax(0, 20), (line) => Buffer.from(`v=1, op="a", deadline=1, timeout=1, ${line}`, "latin1"))
    )
  ] as const),
  { maxLength: 6 }
)

const label = oneOf(ascii(1, 20), text(1, 12))

export const request: Arb<RequestEnvelope> = Arbitrary.map(
  Arbitrary.all({
    operation: oneOf(ascii(1, 40), text(1, 20)),
    deadline: oneOf(int(0, 10), int(1_700_000_000_000, 1_900_000_000_000), Arbitrary.Constant(Bounds.maxInteger)),
    timeout: oneOf(int(0, 300_000), Arbitrary.Constant(Bounds.maxInt32)),
    attempt: oneOf(int(1, 4), Arbitrary.Constant(Bounds.maxInt32)),
    key: maybe(oneOf(ascii(0, 60), text(0, 60), text(200, 300))),
    isDiscard: boolean,
    contentType: maybe(label),
    correlationId: oneOf(bytes(16, 16), bytes(1, Bounds.maxCorrelationIdBytes)),
    replyTo: maybe(replyTo),
    traceparent: maybe(ascii(1, 55)),
    via: Arbitrary.array(elementOf(["a", "Zm9vYmFyYmF6", "x-y_z0123456"]), { maxLength: 8 }),
    callHeaders: otherHeaders
  }),
  // As decoded: a long key is already the text that stands for it.
  (fields) => ({
    kind: "request",
    ...fields,
    key: fields.key === undefined ? undefined : IdempotencyKey.onWire(fields.key)
  })
)

export const reply: Arb<ReplyEnvelope.ReplyEnvelope> = Arbitrary.map(
  Arbitrary.all({
    outcome: elementOf(ReplyEnvelope.outcomes),
    status: oneOf<string>(elementOf(Status.known), label),
    attempt: maybe(int(1, Bounds.maxInt32)),
    at: maybe(int(0, Bounds.maxInteger)),
    retryAfter: maybe(int(0, Bounds.maxInt32)),
    seq: maybe(int(0, Bounds.maxInteger)),
    from: maybe(label),
    ctl: maybe(int(0, 300)),
    contentType: maybe(label),
    correlationId: oneOf(bytes(16, 16), bytes(1, Bounds.maxCorrelationIdBytes)),
    traceparent: maybe(ascii(1, 55)),
    replyHeaders: otherHeaders
  }),
  (fields) => ({ ...fields, isForeign: false, status: fields.outcome === "rejected" ? fields.status : undefined })
)

const flip = (value: Uint8Array, at: number, to: number): Uint8Array => {
  const copy = Uint8Array.from(value)
  if (copy.length > 0) copy[at % copy.length] = to
  return copy
}

/** One piece of damage to a record's headers: a byte, a cut, an insertion, a header gone, twice, renamed, out of order. */
export const damage: Arb<(headers: RecordHeaders) => RecordHeaders> = Arbitrary.map(
  Arbitrary.all([int(0, 6), int(0, 40), int(0, 400), int(0, 255)] as const),
  ([kind, which, at, code]) =>
    (headers) => {
      if (headers.length === 0) return headers
      const index = which % headers.length
      const [name, value] = headers[index]!
      const put = (...replacement: ReadonlyArray<RecordHeader>): RecordHeaders =>
        headers.toSpliced(index, 1, ...replacement)
      switch (kind) {
        case 0:
          return put([name, flip(value, at, code)])
        case 1:
          return put([name, value.slice(0, at % (value.length + 1))])
        case 2: {
          const cut = at % (value.length + 1)
          return put([name, Buffer.concat([value.slice(0, cut), Buffer.of(code), value.slice(cut)])])
        }
        case 3:
          return put()
        case 4:
          return put([name, value], [name, flip(value, at, code)])
        case 5:
          return put([`${name}x`, value])
        default:
          return headers.toReversed()
      }
    }
)
