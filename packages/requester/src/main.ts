#!/usr/bin/env node
/**
 * The requester's entry: refuses an old Node.js, listens for signals, then loads the program.
 */
import "@kafka-request-reply/program/RequiredNode"
import * as Module from "node:module"
import * as Signals from "@kafka-request-reply/program/Signals"

// Starts in half the time, from the second start on.
Module.enableCompileCache()
const signals = Signals.listen()
// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { run } = await import("./Program.ts")
run(signals)
