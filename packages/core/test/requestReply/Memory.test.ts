import { describe } from "@effect/vitest"
import * as TransportMemory from "../../src/transport/TransportMemory.ts"
import { requestReplySuite } from "../suites/RequestReplySuite.ts"

describe("request/reply over memory", () => {
  requestReplySuite(TransportMemory.layer)
})
