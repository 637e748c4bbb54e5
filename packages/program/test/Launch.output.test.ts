/**
 * What becomes of a program when its output cannot be written any more.
 */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"

const chatter = fileURLToPath(new URL("programs/chatter.ts", import.meta.url))

/** Runs it under a shell: `chatter` there is the program, and what the shell prints is returned. */
const shell = (script: string): string =>
  execFileSync(
    "/bin/sh",
    ["-c", `chatter() { "$0" --conditions=source "$@"; }; ${script}`, process.execPath, chatter],
    {
      encoding: "utf8",
      timeout: 20_000
    }
  )

const seconds = 1000

describe("a program whose output is lost", () => {
  it.each([
    ["standard output", '{ chatter "$1"; echo "code $?" >&2; } 2>&3 | head -1'],
    ["standard error", '{ chatter "$1" complain; echo "code $?" >&3; } 2>&1 | head -1']
  ])(
    "stops in order when the reader of %s has left",
    (_, script) => assert.strictEqual(shell(`{ ${script}; } 3>&1`), "word\ncode 0\n"),
    20 * seconds
  )

  it.skipIf(!existsSync("/dev/full"))(
    "fails with one line when the disk is full",
    () => {
      const text = shell('chatter "$1" 2>&1 >/dev/full; echo "code $?"')
      assert.match(text, /^chatter: standard output cannot be written: ENOSPC.*\ncode 1\n$/)
    },
    20 * seconds
  )
})
