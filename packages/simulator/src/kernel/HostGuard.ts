/**
 * Makes every source of real time, order and chance throw while a history runs, and remembers who asked: what a seed does
 * not decide cannot be replayed.
 */

export interface Leak {
  readonly what: string
  readonly stack: string
}

const targets: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
  [globalThis, ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]],
  [Date, ["now"]],
  [Math, ["random"]],
  [performance, ["now"]],
  [process, ["nextTick"]],
  [process.hrtime, ["bigint"]],
  [crypto, ["randomUUID", "getRandomValues"]],
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
      object[name] = () => forbid(name)
      restore.push(() => {
        object[name] = original
      })
    }
  }
  const RealDate = globalThis.Date
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: ReadonlyArray<unknown>) =>
      args.length === 0 ? forbid("new Date()") : (Reflect.construct(target, args) as object)
  })
  try {
    return body()
  } finally {
    globalThis.Date = RealDate
    for (const undo of restore) undo()
  }
}
