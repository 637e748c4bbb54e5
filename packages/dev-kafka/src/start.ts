/**
 * `node --conditions=source start.ts [--unless <argument>]… -- program arguments…`: makes sure that there is a Kafka,
 * then becomes the program, with `KAFKA_BROKERS` set.
 *
 * For the `start` scripts of programs. Kafka is left alone when the program's arguments contain one of those given with
 * `--unless`, or one that only prints something (`--help`, `--version`, `--completions`). Standard output stays the
 * program's own; so do signals and the exit code, because the program replaces this process.
 */
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { ensure } from "./Ensure.ts"
import { becomeProgram } from "./internal/becomeProgram.ts"
import { runProgram } from "./internal/runProgram.ts"
import { readStartLine, usage } from "./internal/startLine.ts"
import { because, SystemFailed } from "./DevKafkaError.ts"

const program = Effect.gen(function* () {
  const line = readStartLine(yield* (yield* Stdio.Stdio).args)
  if (line === undefined) return yield* because(new SystemFailed({ detail: usage, cause: undefined }))
  const brokers = line.needsKafka ? yield* ensure() : []
  yield* becomeProgram(line.program, brokers.length === 0 ? {} : { KAFKA_BROKERS: brokers.join(",") })
})

runProgram("kafka", Effect.provide(program, NodeServices.layer))
