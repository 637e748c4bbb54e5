/**
 * The entry of this project's measured requester; starts as the requester program does.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
// Compiles schemas to code; only schemas made after it profit.
await import("effect/schema/SchemaJITCompiler/enable")
const { start } = await import("./Measure.ts")
start()
