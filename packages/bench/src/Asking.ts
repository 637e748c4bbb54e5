/**
 * The asking half of a peer that is no Effect program: reads loads from standard input, makes the calls, and prints the
 * figures. Ends when its input closes.
 */
import { createInterface } from "node:readline"
import { type Figures, figuresOf, type Load } from "./Figures.ts"
import { isAnswer, type Question, questionOf } from "./Workload.ts"

/** Makes one call; the promise brings the decoded answer, the declared error included. */
export type Ask = (question: Question) => Promise<{ readonly isError: boolean; readonly body: unknown }>

const run = async (ask: Ask, { calls, from, inFlight, operation }: Load): Promise<Figures> => {
  const times = new Float64Array(calls)
  let made = 0
  let wrong = 0
  const caller = async (): Promise<void> => {
    while (made < calls) {
      const index = made++
      const question = questionOf(operation, from + index)
      const startedAt = performance.now()
      try {
        const { body, isError } = await ask(question)
        if (!isAnswer(question, isError, body)) wrong++
      } catch {
        wrong++
      }
      times[index] = performance.now() - startedAt
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: inFlight }, caller))
  return figuresOf(times, (performance.now() - startedAt) / 1_000, wrong)
}

/** Serves the loads one after the other. */
export const serveLoads = async (ask: Ask): Promise<void> => {
  console.log("ready")
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await run(ask, JSON.parse(line) as Load)))
  }
  process.exit()
}
