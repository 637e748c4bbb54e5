import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Result from "effect/Result"
import * as Oracle from "structured-headers"
import * as Dictionary from "../../src/wire/Dictionary.ts"
import { Opaque, Token, type Value } from "../../src/wire/DictionaryValue.ts"
import * as Arbitraries from "./arbitraries.ts"

const decode = (line: string) => Dictionary.decode(Buffer.from(line, "latin1"))

const plain = (value: Value): unknown => {
  if (value instanceof Uint8Array) return `:${Buffer.from(value).toString("hex")}`
  return value instanceof Token ? `token ${value.name}` : value instanceof Opaque ? "opaque" : value
}

/** The reference implementation's result in our terms; undefined when it refuses the text. */
const expected = (line: string): ReadonlyArray<readonly [string, unknown]> | undefined => {
  let members: Oracle.Dictionary
  try {
    members = Oracle.parseDictionary(line)
  } catch {
    return undefined
  }
  return Array.from(members, ([key, [value]]) => {
    if (Array.isArray(value) || value instanceof Date || value instanceof Oracle.DisplayString) return [key, "opaque"]
    if (value instanceof ArrayBuffer) return [key, plain(new Uint8Array(value))]
    if (value instanceof Oracle.Token) return [key, `token ${value.toString()}`]
    // It also reads -0 as negative zero, which as an integer is just 0.
    return [key, value === 0 ? 0 : value]
  })
}

const isDecimal = (value: Value): boolean => value instanceof Opaque && value.kind === "decimal"

const agrees = (line: string): void => {
  const ours = decode(line)
  const theirs = expected(line)
  if (Result.isFailure(ours) || theirs === undefined) {
    assert.isTrue(Result.isFailure(ours) && theirs === undefined, `${JSON.stringify(line)} accepted by one only`)
    return
  }
  const keys = theirs.map(([key]) => key)
  assert.deepStrictEqual(Array.from(ours.success.keys()), keys)
  for (const [key, value] of theirs) {
    const own = ours.success.get(key)!
    // The reference makes no difference between 1 and 1.0.
    if (isDecimal(own)) assert.isNumber(value)
    else assert.deepStrictEqual(plain(own), value, JSON.stringify(line))
  }
}

const key = Arbitraries.elementOf(["v", "op", "deadline", "key", "x-1", "*a", "a_b.c*", "retry-after"])

const bareItem = Arbitraries.oneOf<Oracle.BareItem>(
  Arbitraries.int(-999_999_999_999_999, 999_999_999_999_999),
  Arbitraries.int(-20, 20),
  Arbitrary.map(Arbitraries.int(-999_999_999, 999_999_999), (thousandths) => thousandths / 1000),
  Arbitraries.ascii(0, 20),
  Arbitraries.boolean,
  Arbitrary.map(Arbitraries.bytes(0, 20), (value) => Uint8Array.from(value)),
  Arbitrary.map(Arbitraries.elementOf(["success", "*", "a/b:c", "T~!#$%&'*+-.^_`|"]), (name) => new Oracle.Token(name)),
  Arbitrary.map(Arbitraries.text(0, 10), (text) => new Oracle.DisplayString(text))
)
const parameters = Arbitrary.map(
  Arbitrary.array(Arbitrary.all([key, bareItem] as const), { maxLength: 2 }),
  (entries) => new Map<string, Oracle.BareItem>(entries)
)
const item = Arbitrary.map(Arbitrary.all([bareItem, parameters] as const), (pair): Oracle.Item => pair)
const member = Arbitraries.oneOf<Oracle.Item | Oracle.InnerList>(
  item,
  item,
  Arbitrary.map(
    Arbitrary.all([Arbitrary.array(item, { maxLength: 3 }), parameters] as const),
    (list): Oracle.InnerList => list
  )
)
const dictionary = Arbitrary.map(Arbitrary.array(Arbitrary.all([key, member] as const), { maxLength: 5 }), (entries) =>
  Oracle.serializeDictionary(new Map(entries))
)

describe("Dictionary", () => {
  it.prop("reads what the reference implementation writes", [dictionary], ([line]) => agrees(line), {
    arbitrary: { runs: 500 }
  })

  it.prop(
    "accepts and refuses as the reference implementation does",
    [Arbitraries.syntax(0, 14)],
    ([line]) => {
      agrees(line)
      agrees(`a=${line}`)
    },
    { arbitrary: { runs: 3000 } }
  )

  it.prop(
    "agrees about damaged text",
    [dictionary, Arbitraries.int(0, 200), Arbitraries.syntax(0, 2), Arbitraries.int(0, 2)],
    ([line, at, inserted, removed]) => {
      const start = at % (line.length + 1)
      const damaged = line.slice(0, start) + inserted + line.slice(start + removed)
      agrees(damaged)
    },
    { arbitrary: { runs: 2000 } }
  )

  it.prop("never throws", [Arbitraries.bytes(0, 80)], ([bytes]) => {
    assert.include(["Success", "Failure"], Dictionary.decode(bytes)._tag)
  })

  it.prop(
    "reads back the text it writes",
    [Arbitraries.oneOf(Arbitraries.ascii(0, 40), Arbitraries.text(0, 40))],
    ([text]) => {
      const members = Result.getOrThrow(decode(`a=1, key=${Dictionary.textValue(text)}, z=2`))
      assert.strictEqual(Dictionary.textOf(members.get("key")), text)
      assert.deepStrictEqual([members.get("a"), members.get("z")], [1, 2])
    }
  )

  it("keeps types it has no use for as a mark", () => {
    const members = Result.getOrThrow(decode(`a=1.5, b=@1659578233, c=%"f%c3%bc", d=(1 "x";p 2.0), e;q=1, f=-7`))
    const kinds = Array.from(members.values(), (value) => (value instanceof Opaque ? value.kind : value))
    assert.deepStrictEqual(kinds, ["decimal", "date", "display-string", "inner-list", true, -7])
  })

  it("reads dates between other members", () => {
    // Apart, because the reference implementation refuses a date that is not at the end.
    assert.isTrue(Result.isSuccess(decode("a=@1;p=@-2, b=@3 , c=(@4 @5)")))
    for (const line of ["a=@", "a=@1.5", "a=@x", "a=@1234567890123456"])
      assert.isTrue(Result.isFailure(decode(line)), line)
  })

  it("takes the last of a repeated key", () => {
    assert.strictEqual(Result.getOrThrow(decode("a=1, b=2, a=3")).get("a"), 3)
  })

  it("says where the fault is", () => {
    assert.strictEqual(Result.getOrThrow(Result.flip(decode("v=1, op=@"))), "a digit expected at character 9")
    assert.strictEqual(Result.getOrThrow(Result.flip(decode("v=1 op"))), "a comma expected at character 4")
  })

  it("refuses more than 4096 bytes without reading them", () => {
    assert.isTrue(Result.isSuccess(decode(`a="${"x".repeat(4092)}"`)))
    assert.strictEqual(Result.getOrThrow(Result.flip(decode(`a="${"x".repeat(4093)}"`))), "longer than 4096 bytes")
  })

  it.prop(
    "says of bytes what they say, whatever was read before",
    [Arbitraries.int(0, 9), Arbitraries.int(0, 9)],
    (digits) => {
      for (const digit of digits) {
        const members = Dictionary.decode(Buffer.from(`v=1, at=${digit}`))
        assert.strictEqual(members._tag === "Success" && members.success.get("at"), digit)
      }
    }
  )
})
