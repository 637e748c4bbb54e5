/**
 * The catalogue: the articles a warehouse starts with, read from a CSV file with the columns `sku`, `name` and
 * `available`. Reading only; the database decides when it is loaded.
 */
import { Count } from "@kafka-request-reply/contracts/Quantity"
import { Sku } from "@kafka-request-reply/contracts/Sku"
import { CsvError, parse as parseCsv } from "csv-parse/sync"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export const Article = Schema.Struct({
  sku: Sku,
  name: Schema.NonEmptyString,
  available: Schema.String.check(Schema.isPattern(/^\d{1,9}$/)).pipe(
    Schema.decodeTo(Count, SchemaTransformation.numberFromString)
  )
})
export type Article = typeof Article.Type

const columns = ["sku", "name", "available"] as const

const expected: Record<string, string> = {
  sku: "2 to 32 capital letters, digits and dashes, as in TEA-0042",
  name: "a name",
  available: "a whole number from 0 to 999999999"
}

/** What is wrong with a catalogue: every line at fault with its number, counted from 1, the header included. */
export class CatalogueError extends Schema.TaggedError<CatalogueError>(
  "@kafka-request-reply/responder/Catalogue/CatalogueError"
)("CatalogueError", {
  file: Schema.String,
  problems: Schema.NonEmptyArray(Schema.Struct({ line: Schema.Int, detail: Schema.String }))
}) {
  override get message() {
    const shown = this.problems.slice(0, 20).map(({ line, detail }) => `\n  line ${line}: ${detail}`)
    const rest = this.problems.length - shown.length
    return `the catalogue ${this.file} cannot be used:${shown.join("")}${rest > 0 ? `\n  and ${rest} more` : ""}`
  }
}

interface Problem {
  readonly line: number
  readonly detail: string
}

const fieldSchemas = Object.entries(Article.fields).map(([field, schema]) => ({
  field: field as keyof Article,
  decode: Schema.decodeUnknownResult(schema as Schema.Codec<unknown, string>)
}))

const articleOf = (row: Record<string, string>, line: number): Result.Result<Article, Problem> => {
  const article: Record<string, unknown> = {}
  for (const { field, decode } of fieldSchemas) {
    const text = row[field] ?? ""
    const value = decode(text)
    if (Result.isFailure(value)) {
      return Result.fail({ line, detail: `${field} is ${JSON.stringify(text)}, expected ${expected[field]}` })
    }
    article[field] = value.success
  }
  return Result.succeed(article as unknown as Article)
}

const read = (text: string): Result.Result<ReadonlyArray<Article>, ReadonlyArray<Problem>> => {
  let header: ReadonlyArray<string> | undefined
  let rows: ReadonlyArray<{ readonly record: Record<string, string>; readonly info: { readonly lines: number } }>
  try {
    rows = parseCsv(text, {
      bom: true,
      info: true,
      trim: true,
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      columns: (names: ReadonlyArray<string>) => [...(header = names)]
    }) as unknown as typeof rows
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    return Result.fail([{ line: typeof cause.lines === "number" ? cause.lines : 1, detail: cause.message }])
  }
  const missing = columns.filter((column) => header?.includes(column) !== true)
  if (missing.length > 0) {
    return Result.fail([
      { line: 1, detail: `the header lacks ${missing.join(", ")}; it must name ${columns.join(",")}` }
    ])
  }
  const articles: Array<Article> = []
  const problems: Array<Problem> = []
  const firstLine = new Map<string, number>()
  for (const { record, info } of rows) {
    const article = articleOf(record, info.lines)
    if (Result.isFailure(article)) {
      problems.push(article.failure)
      continue
    }
    const { sku } = article.success
    const first = firstLine.get(sku)
    if (first === undefined) {
      firstLine.set(sku, info.lines)
      articles.push(article.success)
    } else problems.push({ line: info.lines, detail: `${sku} is listed before, in line ${first}` })
  }
  if (problems.length > 0) return Result.fail(problems)
  return articles.length === 0
    ? Result.fail([{ line: 1, detail: "there are no articles in it" }])
    : Result.succeed(articles)
}

/** The articles of a catalogue's text, or everything that is wrong with it. `file` is for the message only. */
export const parse = (text: string, file: string): Result.Result<ReadonlyArray<Article>, CatalogueError> =>
  Result.mapError(read(text), ([first, ...rest]) => new CatalogueError({ file, problems: [first!, ...rest] }))
