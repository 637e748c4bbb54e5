import { describe } from "@effect/vitest"
import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import { requestReplySuite } from "../suites/RequestReplySuite.ts"

// Three brokers, so that requests and replies travel in lanes of their own.
describe("request/reply over faulty memory, without faults", () => {
  requestReplySuite(FaultyTransport.layer({ leaders: 3 }))
})
