/**
 * What every peer is asked and has to answer: the same operations, the same bytes, one declared error in ten.
 *
 * Pure values; how a peer carries them is its own business.
 */

/** `GetStock` reads; `Claim` has a key, runs once for each and in order; the echoes return what they are given. */
export const operations = ["GetStock", "Echo60", "Echo1K", "Echo16K", "Claim"] as const
export type Operation = (typeof operations)[number]

export interface Question {
  readonly operation: Operation
  /** The record key, where the operation has one. */
  readonly key: string | undefined
  readonly payload: unknown
  /** The encoded answer. */
  readonly answer: unknown
  /** Whether the answer is the operation's declared error. */
  readonly isError: boolean
}

const sizes: Readonly<Partial<Record<Operation, number>>> = { Echo60: 60, Echo1K: 1_000, Echo16K: 16_000 }

const echoes = new Map(
  Object.entries(sizes).map(([operation, size]) => [operation, { text: "x".repeat(size - '{"text":""}'.length) }])
)

const unknownSku = { _tag: "UnknownSku", sku: "GONE-0001" }
const stock = { sku: "TEA-0001", available: 17, reserved: 3 }

const known: Question = {
  operation: "GetStock",
  key: undefined,
  payload: { sku: stock.sku },
  answer: stock,
  isError: false
}
const unknown: Question = {
  operation: "GetStock",
  key: undefined,
  payload: { sku: unknownSku.sku },
  answer: unknownSku,
  isError: true
}

/** The question of the call with this number. */
export const questionOf = (operation: Operation, index: number): Question => {
  if (operation === "GetStock") return index % 10 === 9 ? unknown : known
  if (operation === "Claim") {
    const id = `claim-${index}`
    return { operation, key: id, payload: { id }, answer: { id, left: 17 }, isError: false }
  }
  const echo = echoes.get(operation)!
  return { operation, key: undefined, payload: echo, answer: echo, isError: false }
}

/** What a responder answers, for peers without schemas. */
export const answerOf = (
  operation: Operation,
  payload: unknown
): { readonly isError: boolean; readonly body: unknown } => {
  if (operation === "GetStock") {
    return (payload as { readonly sku: string }).sku === stock.sku
      ? { isError: false, body: stock }
      : { isError: true, body: unknownSku }
  }
  if (operation === "Claim") return { isError: false, body: { id: (payload as { readonly id: string }).id, left: 17 } }
  return { isError: false, body: payload }
}

/** Whether an answer is the one that is due; compared without building texts, since it is done for every reply. */
export const isAnswer = ({ answer, isError, operation }: Question, wasError: boolean, body: unknown): boolean => {
  if (wasError !== isError || typeof body !== "object" || body === null) return false
  if (operation === "GetStock") return (body as typeof stock).sku === (answer as typeof stock).sku
  if (operation === "Claim") return (body as { readonly id: string }).id === (answer as { readonly id: string }).id
  return (body as { readonly text: string }).text.length === (answer as { readonly text: string }).text.length
}
