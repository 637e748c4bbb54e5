/**
 * The lines of an order file or of standard input, with their numbers and how far into the file they reach.
 */
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { cut } from "./LineLimit.ts"
import { longest } from "./Order.ts"

export interface OrderLine {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** Bytes with the line's end, so that lines done can be compared with `size`. */
  readonly bytes: number
}

export interface OrderLines {
  /** What the orders are read from, for people. */
  readonly name: string
  /** Bytes in all; undefined for standard input and other pipes. */
  readonly size: number | undefined
  readonly lines: Stream.Stream<OrderLine, OrdersUnreadable>
}

/** The orders cannot be read; the file name on the command line is wrong. */
export class OrdersUnreadable extends Schema.TaggedError<OrdersUnreadable>(
  "@kafka-request-reply/requester/OrderLines/OrdersUnreadable"
)("OrdersUnreadable", { file: Schema.String, detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = 2
  override get message() {
    return `the orders in ${this.file} cannot be read: ${this.detail}`
  }
}

const bundled = fileURLToPath(new URL("../data/orders.jsonl", import.meta.url))

const unreadable = (file: string) => (error: PlatformError) => {
  const known: Record<string, string> = { NotFound: "there is no such file", PermissionDenied: "permission is missing" }
  return new OrdersUnreadable({ file, detail: known[error.reason._tag] ?? error.message })
}

const lines = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<OrderLine, E> => {
  let number = 0
  return bytes.pipe(
    Stream.decodeText(),
    Stream.mapAccum(
      () => 0,
      (before: number, piece) => {
        const [length, kept] = cut(longest, before, piece)
        return [length, [kept]] as const
      }
    ),
    Stream.splitLines,
    Stream.map((text) => ({ number: ++number, text, bytes: Buffer.byteLength(text) + 1 }))
  )
}

/** Opens a file, standard input for `-`, or the orders that come with the program. */
export const open = Effect.fnUntraced(function* (file: string | undefined) {
  if (file === "-") {
    const { stdin } = yield* Stdio.Stdio
    const name = "standard input"
    const opened: OrderLines = { name, size: undefined, lines: lines(stdin.pipe(Stream.mapError(unreadable(name)))) }
    return opened
  }
  // Whole, for the messages: `pnpm --filter` starts the program in another folder than the person is in.
  const path = resolve(file ?? bundled)
  const fs = yield* FileSystem.FileSystem
  const info = yield* fs.stat(path).pipe(Effect.mapError(unreadable(path)))
  if (info.type === "Directory") return yield* new OrdersUnreadable({ file: path, detail: "it is a folder" })
  const opened: OrderLines = {
    name: file ?? "the bundled orders",
    size: info.type === "File" ? Number(info.size) : undefined,
    lines: lines(fs.stream(path).pipe(Stream.mapError(unreadable(path))))
  }
  return opened
})
