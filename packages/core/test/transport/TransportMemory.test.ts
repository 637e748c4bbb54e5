import * as TransportMemory from "../../src/transport/TransportMemory.ts"
import { transportSuite } from "../suites/TransportSuite.ts"

transportSuite("TransportMemory", TransportMemory.layer)
