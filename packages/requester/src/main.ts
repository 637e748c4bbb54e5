#!/usr/bin/env node
/**
 * The requester's entry: listens for signals first, then loads the program.
 */
import { enableCompileCache } from "node:module"
import * as Signals from "@kafka-request-reply/program/Signals"

// Starts in half the time, from the second start on.
enableCompileCache()
const signals = Signals.listen()
// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { run } = await import("./Program.ts")
run(signals)
