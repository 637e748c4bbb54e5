#!/usr/bin/env node
/**
 * The simulator's entry.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import { main } from "./Cli.ts"

// Errors are values here, made by the thousand: their stacks cost more than the histories they are made in.
Error.stackTraceLimit = 0

Stdio.Stdio.use(({ args }) => Effect.flatMap(args, main)).pipe(
  Effect.map((code) => {
    process.exitCode = code
  }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
