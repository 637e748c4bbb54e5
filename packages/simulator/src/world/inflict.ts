/**
 * Makes the faults of a plan happen to programs and to the cluster.
 */
import type { Cluster } from "../cluster/Cluster.ts"
import { junkOf } from "../cluster/junk.ts"
import type { EventLog } from "../history/EventLog.ts"
import type { Timers } from "../kernel/VirtualClock.ts"
import type { Role, Settings, WorldFault } from "../plan/Plan.ts"
import type { Program } from "./Program.ts"

/** The responders' consumer group. */
export const groupId = "sim.responder"

// How often a program that drains is looked at, to start its successor.
const lookMillis = 50

export interface Trouble {
  readonly cluster: Cluster
  readonly timers: Timers
  readonly settings: Settings
  readonly log: EventLog
  /** The newest program in a place. */
  readonly current: (role: Role, index: number) => Program | undefined
  readonly boot: (role: Role, index: number) => void
  readonly onDeath: (program: Program) => void
}

export const inflict = (trouble: Trouble, fault: WorldFault): void => {
  const { cluster, current, log, settings, timers } = trouble
  const { at: _at, kind, ...rest } = fault
  log.add("cluster", { type: "fault", fault: kind, detail: JSON.stringify(rest) })
  switch (fault.kind) {
    case "crash":
    case "drain":
    case "pause": {
      const program = current(fault.role, fault.index)
      if (program === undefined || program.isClosed || program.host.state !== "up") return
      return strikes[fault.kind](trouble, program, fault.millis)
    }
    case "freeze":
      return cluster.freeze(fault.leader, fault.millis)
    case "cut":
      return cluster.cut(fault.leader, fault.millis)
    case "move":
      return cluster.move({ topic: `sim.${fault.topic}`, partition: fault.partition })
    case "rebalance":
      return cluster.group(groupId).rebalance()
    case "refuse-commits":
      return cluster.group(groupId).refuseCommits(fault.count)
    case "junk":
      return void cluster.append([junkOf(fault.variant, fault.partition % settings.partitions)])
    case "damage":
      return cluster.damage(fault.partition % settings.partitions, fault.count)
    case "cut-off": {
      const partition = fault.partition % settings.partitions
      return cluster.cutOff({ topic: "sim.requests", partition }, fault.count, fault.isBlind)
    }
    case "remake": {
      const { partitions } = settings
      cluster.deleteTopic("sim.requests")
      return void cluster.createTopic({ name: "sim.requests", partitions, replicationFactor: 1, configs: {} })
    }
    case "lose-replies": {
      cluster.deleteTopic("sim.replies")
      const spec = { name: "sim.replies", partitions: fault.partitions, replicationFactor: 1, configs: {} }
      return void timers.after(fault.millis, () => cluster.createTopic(spec))
    }
  }
}

const evictLater = ({ cluster, settings, timers }: Trouble, { host }: Program): void =>
  void timers.after(settings.sessionTimeoutMillis, () => cluster.group(groupId).evict(host.name))

const crash = (trouble: Trouble, program: Program, millis: number): void => {
  const { host, index, role } = program
  trouble.log.add(host.name, { type: "crashed" })
  host.kill()
  evictLater(trouble, program)
  trouble.timers.after(millis, () => trouble.boot(role, index))
  trouble.onDeath(program)
}

const pause = (trouble: Trouble, program: Program, millis: number): void => {
  const { log, settings, timers } = trouble
  const { host } = program
  log.add(host.name, { type: "paused" })
  host.pause()
  if (millis > settings.sessionTimeoutMillis) evictLater(trouble, program)
  timers.after(millis, () => {
    if (host.state !== "paused") return
    log.add(host.name, { type: "resumed" })
    host.resume()
  })
}

const drain = (trouble: Trouble, program: Program, millis: number): void => {
  if (program.isStopping) return
  const { boot, timers } = trouble
  program.host.run(() => program.stop())
  const reboot = (): void => {
    if (program.isClosed) boot(program.role, program.index)
    else timers.after(lookMillis, reboot)
  }
  timers.after(millis, reboot)
}

const strikes = { crash, drain, pause }
