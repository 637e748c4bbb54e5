import * as TransportMemory from "../../src/transport/TransportMemory.ts"
import { requestReplySuite } from "../suites/RequestReplySuite.ts"

requestReplySuite("over memory", TransportMemory.layer)
