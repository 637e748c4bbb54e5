import { describe } from "@effect/vitest"
import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { requestReplySuite } from "../suites/RequestReplySuite.ts"

describe("request/reply over memory", () => {
  requestReplySuite(MemoryTransport.layer)
})
