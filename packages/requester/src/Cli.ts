/**
 * The command line: `run` and `call`, their flags, and the exit codes.
 */
import { named } from "@kafka-request-reply/contracts/Inventory"
import * as Requester from "@kafka-request-reply/core/Requester"
import * as ConsoleLog from "@kafka-request-reply/program/ConsoleLog"
import * as Launch from "@kafka-request-reply/program/Launch"
import * as Setting from "@kafka-request-reply/program/Setting"
import * as UnknownSetting from "@kafka-request-reply/program/UnknownSetting"
import * as Usage from "@kafka-request-reply/program/Usage"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Call from "./Call.ts"
import * as Connection from "./Connection.ts"
import * as OrderLines from "./OrderLines.ts"
import * as Report from "./Report.ts"
import * as Run from "./Run.ts"
import { type Options as ScreenOptions, Screen, layer as screen } from "./Screen.ts"
import * as Settings from "./Settings.ts"
import * as NoAnswerHint from "./NoAnswerHint.ts"

const { concurrency: concurrencySetting, timeout: timeoutSetting } = Settings.settings

/** A flag with the meaning, the limits and the default of a setting. */
const settingFlag = <A>(name: string, description: string, metavar: string, setting: Setting.Setting<A>) =>
  Flag.String(name).pipe(
    Flag.withDescription(`${description} (default ${setting.name}, else ${setting.fallback})`),
    Flag.withMetavar(metavar),
    Flag.filterMap(
      (text) => Option.getSuccess(setting.decode(text)),
      () => setting.accepts
    ),
    Flag.optional
  )

const timeout = settingFlag("timeout", "how long a call waits for its answer", "DURATION", timeoutSetting)
const json = Flag.Boolean("json").pipe(
  Flag.withDescription("give the result as one JSON object on standard output, all else on standard error"),
  Flag.withDefault(false)
)

const settingsWith = Effect.fnUntraced(function* (flags: {
  readonly timeout: Option.Option<number>
  readonly concurrency?: Option.Option<number>
}) {
  const settings = yield* Settings.read
  return {
    ...settings,
    logLevel: Option.getOrElse(yield* GlobalFlag.LogLevel, () => settings.logLevel),
    timeout: Option.getOrElse(flags.timeout, () => settings.timeout),
    concurrency: Option.getOrElse(flags.concurrency ?? Option.none(), () => settings.concurrency)
  }
})

const consoleOf = (
  settings: Pick<Settings.Settings, "logFormat"> & { readonly logLevel: LogLevel.LogLevel },
  options: ScreenOptions
) =>
  Layer.effectDiscard(UnknownSetting.warn(Settings.settings, "REQUESTER_")).pipe(
    Layer.provideMerge(
      Layer.unwrap(
        Effect.map(Screen, ({ complaint }) =>
          ConsoleLog.layer({
            format: settings.logFormat,
            level: settings.logLevel,
            write: complaint.line,
            isColoured: complaint.isColoured
          })
        )
      )
    ),
    Layer.provideMerge(screen(options))
  )

const run = Command.make(
  "run",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "orders, one JSON object a line; - reads standard input; without it: the bundled orders"
      ),
      Argument.optional
    ),
    concurrency: settingFlag("concurrency", "orders under way at one time", "NUMBER", concurrencySetting),
    timeout,
    json,
    memory: Flag.Boolean("memory").pipe(
      Flag.withDescription("need no Kafka: a broker and a responder in memory, in this process"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (flags) {
    const settings = yield* settingsWith(flags)
    const orders = yield* OrderLines.open(Option.getOrUndefined(flags.file))
    const send = Effect.gen(function* () {
      const { course, result } = yield* Screen
      const inventory = yield* Requester.client(named(settings.name))
      const where = flags.memory ? "a responder in this process" : `${settings.name} at ${settings.brokers.join(", ")}`
      course.line(`sending ${orders.name} to ${where}, ${settings.concurrency} at a time; Ctrl-C stops`)
      const done = yield* Run.run({
        orders,
        reserve: (order) => inventory.Reserve(order),
        say: ({ remaining }) => `${remaining} left`,
        concurrency: settings.concurrency,
        drainMillis: settings.drainTimeout,
        linesPerSecond: settings.linesPerSecond
      })
      result.line(flags.json ? Report.json(done) : Report.text(done, result.paint))
      return done.isStopped || !Run.hasFailures(done) ? 0 : 1
    }).pipe(Effect.uninterruptible)
    const connection = Connection.layer(settings, flags.memory)
    const onScreen = { isResultOnly: flags.json, readsInput: Option.contains(flags.file, "-") }
    const code = yield* Effect.provide(send, Layer.provideMerge(connection, consoleOf(settings, onScreen)))
    if (code !== 0) return yield* new Launch.ExitWith({ code })
  })
).pipe(
  Command.withDescription("Send every order of a file, and tell what came of them"),
  Command.withExamples([
    { command: "requester run", description: "send the bundled orders" },
    { command: "requester run orders.jsonl --concurrency 256", description: "send a file of orders" },
    { command: "requester run --memory --json", description: "try it without Kafka, with a result for programs" }
  ])
)

const call = Command.make(
  "call",
  {
    operation: Argument.String("operation").pipe(Argument.withDescription(Call.operations.join(", "))),
    payload: Argument.String("json").pipe(Argument.withDescription("the payload, as JSON")),
    timeout,
    json
  },
  Effect.fnUntraced(function* (flags) {
    const settings = yield* settingsWith(flags)
    const parsed = yield* Call.parse(flags.operation, flags.payload)
    const send = Effect.gen(function* () {
      const { complaint, result } = yield* Screen
      const done = yield* Call.make(parsed, settings.name).pipe(NoAnswerHint.withHint(complaint.line))
      const { body, millis, operation, outcome } = done
      if (flags.json) {
        const detail = outcome.kind === "success" ? {} : { name: outcome.name, detail: outcome.detail }
        result.line(
          JSON.stringify({ operation, outcome: outcome.kind, ...detail, body, millis: Number(millis.toFixed(1)) })
        )
      } else if (outcome.kind === "success") result.line(JSON.stringify(body))
      else complaint.line(`${complaint.paint("red", outcome.name)}: ${outcome.detail}`)
      return Call.exitCode(done)
    })
    const onScreen = { isResultOnly: true, readsInput: false }
    const code = yield* Effect.provide(
      send,
      Layer.provideMerge(Connection.kafka(settings), consoleOf(settings, onScreen))
    )
    if (code !== 0) return yield* new Launch.ExitWith({ code })
  })
).pipe(
  Command.withDescription("Make one call, and print its answer"),
  Command.withExamples([
    { command: `requester call GetStock '{"sku":"TEA-0001"}'`, description: "ask for the stock of an article" },
    {
      command: `requester call Reserve '{"orderId":"order-1","sku":"TEA-0001","quantity":2}'`,
      description: "reserve two pieces"
    },
    { command: `requester call CancelReservation '{"orderId":"order-1"}'`, description: "give them back" }
  ])
)

const description = `Ask the inventory over Kafka. Without a command: run.

Exit codes: 0 all answered; 1 request/reply failed; 2 wrong usage or settings; 3 the answer to a call is one of the
contract's errors.

${Setting.help(Settings.settings)}`

const requester = Command.make("requester").pipe(
  Command.withDescription(description),
  Command.withSubcommands([run, call])
)

const ofTheWholeProgram = ["--help", "-h", "--version", "-v", "--completions", "--wizard"]

/**
 * Completes the arguments: no arguments mean `run`, flags and `-` alone are those of `run`, and the `--` that package managers pass on means
 * nothing.
 */
export const normalize = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [first, ...rest] = args
  if (first === "--") return normalize(rest)
  if (first === undefined) return ["run"]
  return first.startsWith("-") && !ofTheWholeProgram.some((flag) => first === flag || first.startsWith(`${flag}=`))
    ? ["run", ...args]
    : args
}

/** Runs a command line. */
export const main = (args: ReadonlyArray<string>) =>
  Command.runWith(requester, { version: "0.1.0" })(normalize(args)).pipe(
    // The command line has said what is wrong with it.
    Effect.catchIf(CliError.isCliError, () => Effect.fail(new Launch.ExitWith({ code: 2 }))),
    Effect.provide(Usage.layer)
  )
