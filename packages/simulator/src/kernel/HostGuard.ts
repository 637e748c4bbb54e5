/**
 * Makes every source of real time, order and chance throw while a history runs, and remembers who asked: what a seed does
 * not decide cannot be replayed.
 */
import nodeCrypto from "node:crypto"
import { syncBuiltinESMExports } from "node:module"
import timers from "node:timers"
import timersPromises from "node:timers/promises"

export interface Leak {
  readonly what: string
  readonly stack: string
}

const targets: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
  [globalThis, ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "MessageChannel"]],
  [timers, ["setTimeout", "setInterval", "setImmediate"]],
  [timersPromises, ["setTimeout", "setInterval", "setImmediate"]],
  [Date, ["now"]],
  [Math, ["random"]],
  [performance, ["now"]],
  [process, ["nextTick", "uptime", "hrtime"]],
  [process.hrtime, ["bigint"]],
  [crypto, ["randomUUID", "getRandomValues"]],
  [nodeCrypto, ["randomBytes", "randomFillSync", "randomInt", "randomUUID"]],
  [Promise.prototype, ["then"]]
]

/** Runs `body` with the host's clocks and dice closed; `onLeak` is told of each attempt, which also throws. */
export const guarded = <A>(body: () => A, onLeak: (leak: Leak) => void): A => {
  const forbid = (what: string): never => {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 30
    const error = new Error(`a simulated program used the host's ${what}`)
    Error.stackTraceLimit = limit
    onLeak({ what, stack: String(error.stack) })
    throw error
  }
  const restore: Array<() => void> = []
  for (const [target, names] of targets) {
    const object = target as Record<string, unknown>
    for (const name of names) {
      const original = object[name]
      // A function, since some of them are called with `new`.
      object[name] = function () {
        return forbid(name)
      }
      restore.push(() => {
        object[name] = original
      })
    }
  }
  const RealDate = globalThis.Date
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: ReadonlyArray<unknown>) =>
      args.length === 0 ? forbid("new Date()") : (Reflect.construct(target, args) as object),
    apply: () => forbid("Date()")
  })
  // What was imported from Node's modules by name follows.
  syncBuiltinESMExports()
  try {
    return body()
  } finally {
    globalThis.Date = RealDate
    for (const undo of restore) undo()
    syncBuiltinESMExports()
  }
}
