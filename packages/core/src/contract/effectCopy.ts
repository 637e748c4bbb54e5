/**
 * Which copy of `effect` made a contract. A process may hold two of them, and values do not cross: services have other
 * keys, schemas other checks. The calls of such a contract fail in ways that name something else, so both sides ask
 * here before they look into it.
 *
 * It recognises contracts only; a runtime or a layer of another copy cannot be told from ours.
 */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Rpc from "effect/rpc/Rpc"
import type { AnyGroup, AnyRpc } from "./Operation.ts"

/** A copy of `effect`, as far as it can be found out: bundled code has no folder of its own. */
export interface EffectCopy {
  readonly version: string
  readonly folder: string
}

/** The contract's copy and the one that this library uses. */
export interface TwoCopies {
  readonly ofContract: EffectCopy
  readonly ofCore: EffectCopy
}

const unknown: EffectCopy = { version: "unknown", folder: "unknown" }

const ours = Rpc.make("ours") as unknown as AnyRpc
const prototype: object = Object.getPrototypeOf(ours)

/** The stack inside a copy of `effect/rpc/Rpc`: its `annotate` reads a property of ours, which records the stack. */
const stackInside = (rpc: AnyRpc): string => {
  const { stackTraceLimit } = Error
  let stack = ""
  Error.stackTraceLimit = 10
  try {
    const annotate: unknown = Reflect.get(rpc, "annotate")
    if (typeof annotate !== "function") return stack
    const probe = Object.defineProperty({}, "_tag", {
      get: () => {
        throw (stack = new Error("probe").stack ?? "")
      }
    })
    annotate.call(probe)
  } catch {
    // Thrown by the probe; what was recorded is enough.
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return stack
}

const copyOf = (rpc: AnyRpc): EffectCopy => {
  // `at Rpc.annotate (file:///app/node_modules/effect/dist/rpc/Rpc.js:479:12)`
  const place = /(file:\/\/[^\s()]*?|\/[^\s()]*?|[A-Za-z]:\\[^\s()]*?)[/\\](?:dist|src)[/\\]rpc[/\\]Rpc\.[jt]s/.exec(
    stackInside(rpc)
  )?.[1]
  if (place === undefined) return unknown
  const folder = place.startsWith("file:") ? fileURLToPath(place) : place
  try {
    const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) as { readonly version?: unknown }
    return { version: String(version), folder }
  } catch {
    return { ...unknown, folder }
  }
}

/** The two copies, when an operation of the group was made by another `effect` than ours. */
export const twoCopies = (group: AnyGroup): TwoCopies | undefined => {
  for (const rpc of group.requests.values() as Iterable<AnyRpc>) {
    // A class that extends an Rpc has it further up.
    if (!Object.prototype.isPrototypeOf.call(prototype, rpc)) return { ofContract: copyOf(rpc), ofCore: copyOf(ours) }
  }
  return undefined
}
