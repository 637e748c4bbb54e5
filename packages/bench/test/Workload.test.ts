import { assert, describe, it } from "@effect/vitest"
import { answerOf, isAnswer, operations, questionOf } from "../src/Workload.ts"

describe("the workload", () => {
  it.each(operations)("has the right answer to %s recognised, and no other", (operation) => {
    for (let index = 0; index < 20; index++) {
      const question = questionOf(operation, index)
      const { body, isError } = answerOf(operation, question.payload)
      assert.isTrue(isAnswer(question, isError, JSON.parse(JSON.stringify(body))))
      assert.isFalse(isAnswer(question, !isError, body))
      assert.isFalse(isAnswer(question, isError, { sku: "", id: "", text: "" }))
      assert.isFalse(isAnswer(question, isError, null))
    }
  })

  it("has one declared error in ten", () => {
    const errors = Array.from({ length: 100 }, (_, index) => questionOf("GetStock", index)).filter(
      ({ isError }) => isError
    )
    assert.strictEqual(errors.length, 10)
  })

  it("has echoes of the size they are named after", () => {
    const echoes = ["Echo60", "Echo1K", "Echo16K"] as const
    const bytes = echoes.map((operation) => JSON.stringify(questionOf(operation, 0).payload).length)
    assert.deepStrictEqual(bytes, [60, 1_000, 16_000])
  })
})
