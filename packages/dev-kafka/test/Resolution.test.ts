/**
 * Where a Kafka comes from: every row of the table, and that nothing is asked in vain.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Known, nextStep, Step, Way } from "../src/Resolution.ts"

const usable = { usable: true } as const
const unusable = { usable: false, problem: "no Java" } as const

const rows: ReadonlyArray<
  readonly [name: string, facts: Required<Known>, way: Way, asked: ReadonlyArray<keyof Known>]
> = [
  [
    "an address that is set comes before everything",
    { configured: ["a:1", "b:2"], local: "kafka", docker: true, java: usable },
    Way.Configured({ brokers: ["a:1", "b:2"] }),
    ["configured"]
  ],
  [
    "an address that is set counts even where the local port is taken",
    { configured: ["a:1"], local: "taken", docker: false, java: unusable },
    Way.Configured({ brokers: ["a:1"] }),
    ["configured"]
  ],
  [
    "a Kafka that answers comes before Docker",
    { configured: [], local: "kafka", docker: true, java: usable },
    Way.Local(),
    ["configured", "local"]
  ],
  [
    "neither Docker nor Java can help when the port is taken",
    { configured: [], local: "taken", docker: true, java: usable },
    Way.Taken(),
    ["configured", "local"]
  ],
  [
    "Docker comes before Java",
    { configured: [], local: "free", docker: true, java: usable },
    Way.Docker(),
    ["configured", "local", "docker"]
  ],
  [
    "Java is the last way",
    { configured: [], local: "free", docker: false, java: usable },
    Way.Java(),
    ["configured", "local", "docker", "java"]
  ],
  [
    "without Java there is none, and the reason is kept",
    { configured: [], local: "free", docker: false, java: unusable },
    Way.None({ problem: "no Java" }),
    ["configured", "local", "docker", "java"]
  ]
]

describe("Resolution", () => {
  it.each(rows)("%s", (_, facts, way, asked) => {
    let known: Known = {}
    for (const about of asked) {
      assert.deepStrictEqual(nextStep(known), Step.Ask({ about }))
      known = { ...known, [about]: facts[about] }
    }
    assert.deepStrictEqual(nextStep(known), Step.Take({ way }))
    assert.deepStrictEqual(nextStep(facts), Step.Take({ way }))
  })
})
