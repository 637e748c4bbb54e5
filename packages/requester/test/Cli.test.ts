import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { it } from "vitest"
import * as Effect from "effect/Effect"
import * as Cli from "../src/Cli.ts"

describe("Cli.normalize", () => {
  it.each([
    [[], ["run"]],
    [["--"], ["run"]],
    [["--memory"], ["run", "--memory"]],
    [["-"], ["run", "-"]],
    [
      ["-", "--json"],
      ["run", "-", "--json"]
    ],
    [
      ["--", "call", "GetStock", "{}"],
      ["call", "GetStock", "{}"]
    ],
    [
      ["run", "--", "file"],
      ["run", "--", "file"]
    ],
    [["--help"], ["--help"]],
    [["-h"], ["-h"]],
    [["--version"], ["--version"]],
    [["--completions=bash"], ["--completions=bash"]],
    [["call"], ["call"]]
  ])("%j means %j", (args, meant) => {
    assert.deepStrictEqual(Cli.normalize(args), meant)
  })
})

layer(NodeServices.layer)("Cli", (it) => {
  it.effect.each([
    [["nonsense"]],
    [["call"]],
    [["call", "GetStock"]],
    [["run", "--concurrency", "0"]],
    [["run", "--concurrency", "many"]],
    [["run", "--timeout", "5 hours"]],
    [["run", "--nonsense"]]
  ] as const)("%j is wrong usage: 2", ([args]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Cli.main(args))
      assert.deepInclude(error as object, { _tag: "ExitWith", code: 2 })
    })
  )

  it.effect.each([[["--help"]], [["run", "--help"]], [["call", "--help"]], [["--version"]]] as const)(
    "%j is answered",
    ([args]) => Cli.main(args)
  )
})
