import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { Refused } from "../../suites/requestReply/TestContract.ts"
import { advance } from "../../suites/requestReply/Harness.ts"
import { connect, newContract, serve } from "../../suites/requestReply/programs.ts"
import { begin, overMemory } from "../stuck.ts"

/** A responder that was built inside a span, as a program is that traces its start. */
const traced = Effect.gen(function* () {
  const contract = newContract()
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  /** What handlers are inside of. */
  const parents: Array<string | undefined> = []
  yield* serve(contract, {
    Work: ({ id }) =>
      Effect.gen(function* () {
        const parent = yield* Effect.option(Effect.currentParentSpan)
        parents.push(Option.getOrUndefined(parent)?.spanId)
        if (id === "refused") return yield* new Refused({ why: "no", isFinal: false })
        return id
      })
  }).pipe(Effect.withSpan("start"), Effect.provideService(Tracer.Tracer, tracer))
  const { client } = yield* connect(contract)
  return { client, parents, served: () => spans.filter(({ kind }) => kind === "server"), tracer }
})

describe("a handler's span", () => {
  overMemory(
    "is what the handler runs inside of, with the caller's trace, and ends as the handler does",
    Effect.gen(function* () {
      const { client, parents, served, tracer } = yield* traced
      const call = (id: string) =>
        begin(client.Work({ id }).pipe(Effect.withSpan("caller"), Effect.provideService(Tracer.Tracer, tracer)))
      yield* call("1")
      yield* advance("1 second")
      yield* call("refused")
      yield* advance("1 second")
      assert.deepStrictEqual(
        parents,
        served().map(({ spanId }) => spanId)
      )
      assert.deepStrictEqual(
        served().map(({ status }) => status._tag === "Ended" && Exit.isSuccess(status.exit)),
        [true, false]
      )
    })
  )

  overMemory(
    "is nobody's when the call has none, whatever the responder was built in",
    Effect.gen(function* () {
      const { client, parents, served } = yield* traced
      yield* begin(client.Work({ id: "1" }))
      yield* advance("1 second")
      assert.deepStrictEqual([parents, served()], [[undefined], []])
    })
  )
})
