/**
 * The requester program: its command line with the services of Node.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Launch from "@kafka-request-reply/program/Launch"
import type { Signals } from "@kafka-request-reply/program/Signals"
import * as Effect from "effect/Effect"
import * as Stdio from "effect/Stdio"
import * as Cli from "./Cli.ts"

const program = Stdio.Stdio.use(({ args }) => Effect.flatMap(args, Cli.main)).pipe(Effect.provide(NodeServices.layer))

/** Runs the requester until it is done or stopped. */
export const run = (signals: Signals): void => Launch.run("requester", program, signals)
