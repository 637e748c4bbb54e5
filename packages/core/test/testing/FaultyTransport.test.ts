import * as FaultyTransport from "../../src/testing/FaultyTransport.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

transportSuite("FaultyTransport without faults", FaultyTransport.layer({ leaders: 3 }))
