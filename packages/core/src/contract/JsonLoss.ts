/**
 * What JSON changes without a word: `JSON.stringify` makes a Map `{}` and NaN `null`. Schemas that know their values encode
 * those in a form of their own; where a schema takes anything, the value has to be looked at.
 */
import * as SchemaAST from "effect/SchemaAST"
import { type Misfits, step } from "./Misfit.ts"

/** Whether what a schema encodes to may be anything, so that only the value tells whether JSON can say it. */
export const mayLose = (encoded: SchemaAST.AST): boolean => {
  const seen = new Set<SchemaAST.AST>()
  const look = (ast: SchemaAST.AST): boolean => {
    if (seen.has(ast)) return false
    seen.add(ast)
    switch (ast._tag) {
      case "Any":
      case "Unknown":
      case "ObjectKeyword":
      case "Declaration":
        return true
      case "Arrays":
        return [...ast.elements, ...ast.rest].some(look)
      case "Objects":
        return (
          ast.propertySignatures.some(({ type }) => look(type)) || ast.indexSignatures.some(({ type }) => look(type))
        )
      case "Union":
        return ast.types.some(look)
      case "Suspend":
        return look(ast.thunk())
      default:
        return false
    }
  }
  return look(SchemaAST.toEncoded(encoded))
}

const nameOf = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? undefined : String(value)
    case "bigint":
      return "a bigint"
    case "function":
      return "a function"
    case "symbol":
      return "a symbol"
    case "object": {
      if (value === null || Array.isArray(value)) return undefined
      const tag = Object.prototype.toString.call(value).slice(8, -1)
      return tag === "Object" || "toJSON" in value ? undefined : `a ${tag}`
    }
    default:
      return undefined
  }
}

const lost = (path: string, what: string): Misfits => ({
  issues: [{ path, expected: "a value that JSON can say" }],
  text: `${path}: JSON cannot say ${what}`
})

/**
 * The first place where JSON would say something else than the value, or nothing; undefined when there is none. Objects
 * with a `toJSON` say themselves what they are in JSON, and a property that is `undefined` is as good as absent.
 */
export const lossIn = (root: string, value: unknown): Misfits | undefined => {
  const ancestors = new Set<unknown>()
  const look = (path: string, found: unknown, isElement: boolean): Misfits | undefined => {
    if (found === undefined && isElement) return lost(path, "undefined in an array")
    const name = nameOf(found)
    if (name !== undefined) return lost(path, name)
    if (typeof found !== "object" || found === null || "toJSON" in found) return undefined
    if (ancestors.has(found)) return lost(path, "what contains itself")
    ancestors.add(found)
    const inner = Array.isArray(found) ? found.entries() : Object.entries(found)
    for (const [key, item] of inner) {
      const misfits = look(`${path}${step(key)}`, item, Array.isArray(found))
      if (misfits !== undefined) return misfits
    }
    ancestors.delete(found)
    return undefined
  }
  return look(root, value, false)
}
