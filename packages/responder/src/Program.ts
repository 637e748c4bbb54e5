/**
 * The responder program: reads its settings, serves the inventory over Kafka, and says on the console what it does.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as KafkajsTransport from "@kafka-request-reply/core/KafkajsTransport"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as InventoryService from "./InventoryService.ts"
import * as ConsoleLog from "@kafka-request-reply/program/ConsoleLog"
import * as Launch from "@kafka-request-reply/program/Launch"
import { counted } from "@kafka-request-reply/program/Tally"
import * as Setting from "@kafka-request-reply/program/Setting"
import * as UnknownSetting from "@kafka-request-reply/program/UnknownSetting"
import * as Usage from "@kafka-request-reply/program/Usage"
import type { Signals } from "@kafka-request-reply/program/Signals"
import * as RequestLog from "./RequestLog.ts"
import * as Settings from "./Settings.ts"
import { Warehouse } from "./Warehouse.ts"

const toStandardOutput = (line: string) => void process.stdout.write(`${line}\n`)

const serve = (settings: Settings.Settings) => {
  const warehouse = InventoryService.warehouse(settings)
  const requestLog = RequestLog.layer({ linesPerSecond: settings.linesPerSecond, format: settings.logFormat })
  const kafka = KafkajsTransport.layer({
    brokers: settings.brokers,
    clientId: "inventory-responder",
    startTimeout: "3 seconds"
  })
  const announce = Effect.gen(function* () {
    const { articles, reservations } = yield* Warehouse.use(({ size }) => size)
    yield* Effect.logInfo(
      `serving ${settings.name} from ${settings.brokers.join(", ")}: ${counted(articles, "article")} and ${counted(reservations, "reservation")} in ${settings.database}; Ctrl-C stops`
    )
  })
  const announceStop = Effect.logInfo("stopping: finishing what is in work")
  return Effect.andThen(announce, Effect.never).pipe(
    Effect.onInterrupt(() => announceStop),
    // Layers are built bottom-up, so local faults are reported before Kafka is contacted. They close top-down: the
    // responder drains while Kafka and the database are still open.
    Effect.provide(
      InventoryService.serving(settings).pipe(
        Layer.provide(kafka),
        Layer.provide(requestLog),
        Layer.provideMerge(warehouse)
      )
    )
  )
}

const start = Effect.gen(function* () {
  const settings = yield* Settings.read
  const { logFormat: format } = settings
  const level = Option.getOrElse(yield* GlobalFlag.LogLevel, () => settings.logLevel)
  return yield* Effect.provide(
    Effect.andThen(UnknownSetting.warn(Settings.settings, "RESPONDER_"), serve(settings)),
    ConsoleLog.layer({ format, level, write: toStandardOutput, isColoured: ConsoleLog.showsColours(process.stdout) })
  )
})

const description = `Serve the inventory over Kafka until Ctrl-C.\n\n${Setting.help(Settings.settings)}`

const program = Command.run(Command.make("responder", {}, () => start).pipe(Command.withDescription(description)), {
  version: "0.1.0"
}).pipe(
  // The command line has said what is wrong with it.
  Effect.catchIf(CliError.isCliError, () => Effect.fail(new Launch.ExitWith({ code: 2 }))),
  Effect.provide(Usage.layer),
  Effect.provide(NodeServices.layer)
)

/** Runs the responder until it is stopped. */
export const run = (signals: Signals): void => Launch.run("responder", program, signals)
