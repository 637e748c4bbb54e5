import * as MemoryTransport from "../../src/memory/MemoryTransport.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

transportSuite("MemoryTransport", MemoryTransport.layer)
