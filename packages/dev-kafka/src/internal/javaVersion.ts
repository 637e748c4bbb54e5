/**
 * Reads what `java -version` prints.
 */
import * as Option from "effect/Option"

/** `17.0.15` from `openjdk version "17.0.15" 2025-04-15`. */
export const javaVersion = (printed: string): Option.Option<string> =>
  Option.fromNullishOr(/version "([^"]+)"/.exec(printed)?.[1])

/** 17 of `17.0.15`, 8 of `1.8.0_392`, 24 of `24-ea`. */
export const javaMajor = (version: string): Option.Option<number> => {
  const [, first, second] = /^(\d+)(?:\.(\d+))?/.exec(version) ?? []
  const major = first === "1" && second !== undefined ? second : first
  return major === undefined ? Option.none() : Option.some(Number(major))
}
