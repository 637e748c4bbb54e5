import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import { requestReplySuite } from "../suites/RequestReplySuite.ts"

requestReplySuite("over faulty memory, without faults", FaultyTransport.layer())
requestReplySuite("over faulty memory with three leaders, without faults", FaultyTransport.layer({ leaders: 3 }))
