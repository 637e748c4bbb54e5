/**
 * The measuring process's entry; starts as the requester program does.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { run } = await import("./Measure.ts")
run()
