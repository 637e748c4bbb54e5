/**
 * Why the inventory's database could not be used, and the one place that reads SQLite's result codes.
 */
import * as Schema from "effect/Schema"

/**
 * `busy` another process holds the file's lock · `full` no room on the disk · `read-only` the file or its folder cannot be
 * written · `unreadable` no SQLite file, or a damaged one · `newer` written by a newer version of this program · `other`.
 */
export const Kind = Schema.Literals(["busy", "full", "read-only", "unreadable", "newer", "other"])
export type Kind = typeof Kind.Type

const advice: Record<Kind, string> = {
  busy: "another process holds its lock for too long",
  full: "there is no room on the disk",
  "read-only": "it, or its folder, cannot be written; change INVENTORY_DATABASE or its permissions",
  unreadable: "it is no SQLite database, or a damaged one; change INVENTORY_DATABASE or restore the file",
  newer: "a newer version of this program wrote it; start that version, or change INVENTORY_DATABASE",
  other: "SQLite refused"
}

export class DatabaseError extends Schema.TaggedError<DatabaseError>("@kafka-request-reply/responder/DatabaseError")(
  "DatabaseError",
  {
    file: Schema.String,
    kind: Kind,
    detail: Schema.String,
    cause: Schema.Defect()
  }
) {
  override get message() {
    return `the database ${this.file} cannot be used: ${advice[this.kind]} (${this.detail})`
  }
}

// Primary result codes, https://www.sqlite.org/rescode.html; extended codes carry them in the low byte.
const kinds = new Map<number, Kind>([
  [5, "busy"],
  [6, "busy"],
  [8, "read-only"],
  [11, "unreadable"],
  [13, "full"],
  [14, "read-only"],
  [26, "unreadable"]
])

/** The kind of anything thrown by `node:sqlite`, and by the file system while the file is made. */
export const kindOf = (cause: unknown): Kind => {
  if (typeof cause !== "object" || cause === null) return "other"
  if ("errcode" in cause && typeof cause.errcode === "number") return kinds.get(cause.errcode & 0xff) ?? "other"
  const code = "code" in cause ? cause.code : undefined
  if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOTDIR" || code === "EEXIST") {
    return "read-only"
  }
  return code === "ENOSPC" ? "full" : "other"
}

/** Total: whatever is thrown has a message. */
export const classify = (file: string, cause: unknown): DatabaseError =>
  new DatabaseError({
    file,
    kind: kindOf(cause),
    detail: cause instanceof Error ? cause.message : String(cause),
    cause
  })
