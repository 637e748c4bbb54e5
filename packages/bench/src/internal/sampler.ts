/**
 * Preloaded into a measured process: counts the bytes it allocates between two SIGUSR2, those that were collected since
 * included, and writes their number to the file in `ALLOCATIONS`, followed by the process id.
 */
import { writeFileSync } from "node:fs"
import { type HeapProfiler, Session } from "node:inspector"

const session = new Session()
session.connect()

const bytesOf = (node: HeapProfiler.SamplingHeapProfileNode): number =>
  node.children.reduce((sum, child) => sum + bytesOf(child), node.selfSize)

let isSampling = false

process.on("SIGUSR2", () => {
  if (!isSampling) {
    isSampling = true
    session.post("HeapProfiler.startSampling", {
      samplingInterval: 4_096,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true
    } as HeapProfiler.StartSamplingParameterType)
    return
  }
  session.post("HeapProfiler.stopSampling", (_, { profile }) => {
    writeFileSync(`${process.env["ALLOCATIONS"]}${process.pid}`, String(bytesOf(profile.head)))
  })
})
