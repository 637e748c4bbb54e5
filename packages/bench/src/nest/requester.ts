/**
 * NestJS's asking half: `ClientKafka` as its documentation shows it.
 */
import "reflect-metadata"
import { Logger } from "@nestjs/common"
import { ClientKafka } from "@nestjs/microservices"
import { firstValueFrom } from "rxjs"
import { serveLoads } from "../Asking.ts"
import { operations } from "../Workload.ts"

// It logs to standard output, where the figures go.
Logger.overrideLogger(false)

const brokers = process.env["KAFKA_BROKERS"]!.split(",")
const client = new ClientKafka({ client: { brokers, clientId: "nest-bench" }, consumer: { groupId: "nest-bench" } })
for (const operation of operations) client.subscribeToResponseOf(`nest.${operation}`)
await client.connect()

await serveLoads(async ({ key, operation, payload }) => {
  try {
    const value = JSON.stringify(payload)
    const body: unknown = await firstValueFrom(
      client.send(`nest.${operation}`, key === undefined ? { value } : { key, value })
    )
    return { isError: false, body }
  } catch (error) {
    return { isError: true, body: error }
  }
})
