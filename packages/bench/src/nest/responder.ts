/**
 * NestJS's answering half: a microservice with one message pattern for each operation, no decorator syntax.
 */
import "reflect-metadata"
import { Controller, Module } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { type MicroserviceOptions, MessagePattern, Payload, RpcException, Transport } from "@nestjs/microservices"
import { Kafka } from "kafkajs"
import { answerOf, operations } from "../Workload.ts"

const brokers = process.env["KAFKA_BROKERS"]!.split(",")

class Answers {}
for (const operation of operations) {
  const answer = (payload: unknown): unknown => {
    const { body, isError } = answerOf(operation, payload)
    if (isError) throw new RpcException(body as object)
    return body
  }
  Object.defineProperty(Answers.prototype, operation, { value: answer })
  MessagePattern(`nest.${operation}`)(Answers.prototype, operation, { value: answer } as never)
  Payload()(Answers.prototype, operation, 0)
}
Controller()(Answers)

class Application {}
Module({ controllers: [Answers] })(Application)

const admin = new Kafka({ brokers, logLevel: 0 }).admin()
await admin.connect()
await admin.createTopics({
  topics: operations
    .flatMap((operation) => [`nest.${operation}`, `nest.${operation}.reply`])
    .map((topic) => ({ topic, numPartitions: 1 }))
})
await admin.disconnect()
const service = await NestFactory.createMicroservice<MicroserviceOptions>(Application, {
  logger: false,
  transport: Transport.KAFKA,
  options: { client: { brokers, clientId: "nest-bench" }, consumer: { groupId: "nest-bench" } }
})
await service.listen()
console.log("ready")
process.stdin.on("end", () => process.exit()).resume()
