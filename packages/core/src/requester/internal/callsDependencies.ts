/**
 * What the calls of a requester are made of.
 */
import type * as Clock from "effect/Clock"
import type * as Random from "effect/Random"
import type { EventLoop } from "../../host/EventLoop.ts"
import type { Sweeper } from "../../host/Sweeper.ts"
import type { ThrownReport } from "../../host/ThrownReport.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { Options } from "../Options.ts"
import type { CallRecorder } from "./callRecorder.ts"

export interface CallsDependencies {
  readonly token: Uint8Array
  readonly publisher: Publisher
  readonly options: Options
  readonly recorder: CallRecorder
  /** The requester's clock: that of all deadlines, whatever clock a caller's fiber has. */
  readonly clock: Clock.Clock
  readonly random: (typeof Random.Random)["Service"]
  readonly eventLoop: EventLoop
  readonly sweeper: Sweeper
  readonly report: ThrownReport
}
