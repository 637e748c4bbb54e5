/**
 * The link of the codec that the process was started with.
 */
import type { FloorLink } from "./Wire.ts"

/** Opens it over the brokers in `KAFKA_BROKERS`. */
export const openLink = async (name: string): Promise<FloorLink> => {
  if (process.argv[2] === "core") return (await import("./CoreLink.ts")).open()
  return (await import("./StockLink.ts")).open(process.env["KAFKA_BROKERS"]!.split(","), name)
}
