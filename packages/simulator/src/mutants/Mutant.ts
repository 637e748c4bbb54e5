/**
 * A bug planted on purpose, from outside: production code contains none of it.
 */
import { type Decorators, none } from "./Decorators.ts"

export interface Mutant {
  readonly name: string
  /** What is wrong with the engine while it is there. */
  readonly what: string
  /** Spoils the engine's classes; returns how to undo it. */
  readonly install: () => () => void
  readonly decorators: Decorators
}

type Method = (...args: Array<any>) => any

/** Replaces a method of all instances; `replacement` is given the original. Returns how to undo it. */
export const replace = <A extends object, K extends keyof A & string>(
  prototype: A,
  name: K,
  replacement: (original: A[K] & Method) => (this: A, ...args: Parameters<A[K] & Method>) => ReturnType<A[K] & Method>
): (() => void) => {
  const original = Object.getOwnPropertyDescriptor(prototype, name)!
  const value = replacement(original.value as A[K] & Method)
  Object.defineProperty(prototype, name, { ...original, value })
  return () => void Object.defineProperty(prototype, name, original)
}

/** Undoes several, the last first. */
export const both =
  (...undo: ReadonlyArray<() => void>): (() => void) =>
  () => {
    for (const one of undo.toReversed()) one()
  }

/** A mutant that spoils classes. */
export const ofClasses = (name: string, what: string, install: () => () => void): Mutant => ({
  name,
  what,
  install,
  decorators: none
})

/** A mutant that spoils services. */
export const ofServices = (name: string, what: string, decorators: Partial<Decorators>): Mutant => ({
  name,
  what,
  install: () => () => {},
  decorators: { ...none, ...decorators }
})
