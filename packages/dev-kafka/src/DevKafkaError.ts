/**
 * Why there is no Kafka. Each reason says in one message what is known and what to change.
 */
import * as Schema from "effect/Schema"

const id = "@kafka-request-reply/dev-kafka/DevKafkaError"

/** No `java` can be run. */
export class JavaMissing extends Schema.TaggedError<JavaMissing>(`${id}/JavaMissing`)("JavaMissing", {}) {
  override get message() {
    return "no Java was found: install a JDK 17 or newer and put it on the PATH (or set JAVA_HOME)"
  }
}

/** There is a Java, and it cannot run Kafka 4. */
export class JavaTooOld extends Schema.TaggedError<JavaTooOld>(`${id}/JavaTooOld`)("JavaTooOld", {
  java: Schema.String,
  found: Schema.String
}) {
  override get message() {
    return `Kafka 4 needs Java 17 or newer and ${this.java} is ${this.found}: install a newer JDK, or set JAVA_HOME to one`
  }
}

/** No `mvn` can be run, and the jars are not there yet. */
export class MavenMissing extends Schema.TaggedError<MavenMissing>(`${id}/MavenMissing`)("MavenMissing", {}) {
  override get message() {
    return "Kafka's jars are not downloaded yet and Maven (mvn) was not found: install Maven and put it on the PATH"
  }
}

/** Maven ran and did not deliver the jars. */
export class MavenFailed extends Schema.TaggedError<MavenFailed>(`${id}/MavenFailed`)("MavenFailed", {
  exitCode: Schema.Int,
  output: Schema.String
}) {
  override get message() {
    return `Maven could not download Kafka (exit code ${this.exitCode}): check the network and Maven's settings\n${this.output}`
  }
}

/** Another program listens where the broker should. */
export class PortTaken extends Schema.TaggedError<PortTaken>(`${id}/PortTaken`)("PortTaken", {
  ports: Schema.Array(Schema.Int)
}) {
  override get message() {
    const [noun, verb] = this.ports.length === 1 ? ["port", "is"] : ["ports", "are"]
    return `${noun} ${this.ports.join(", ")} ${verb} taken by another program: stop it, choose another port with DEV_KAFKA_PORT, or set KAFKA_BROKERS to a Kafka that runs elsewhere`
  }
}

/** The disk that holds the jars or the data is full. */
export class DiskFull extends Schema.TaggedError<DiskFull>(`${id}/DiskFull`)("DiskFull", { path: Schema.String }) {
  override get message() {
    return `no space left on the disk of ${this.path}: free some, Kafka needs about 100 MB`
  }
}

/** The broker's process ended by itself. */
export class BrokerExited extends Schema.TaggedError<BrokerExited>(`${id}/BrokerExited`)("BrokerExited", {
  broker: Schema.Int,
  log: Schema.String
}) {
  override get message() {
    return `Kafka broker ${this.broker} exited while starting; the end of its log:\n${this.log}`
  }
}

/** The broker runs and does not answer as it should. */
export class NotHealthy extends Schema.TaggedError<NotHealthy>(`${id}/NotHealthy`)("NotHealthy", {
  brokers: Schema.Array(Schema.String),
  seconds: Schema.Number,
  detail: Schema.String
}) {
  override get message() {
    return `Kafka at ${this.brokers.join(", ")} was not ready after ${this.seconds} s: ${this.detail}`
  }
}

/** A signal was to be sent to a broker that does not run. */
export class NotRunning extends Schema.TaggedError<NotRunning>(`${id}/NotRunning`)("NotRunning", {
  broker: Schema.Int
}) {
  override get message() {
    return `Kafka broker ${this.broker} does not run; start it first`
  }
}

/** A Docker engine answers, and `docker compose` did not bring Kafka up. */
export class DockerFailed extends Schema.TaggedError<DockerFailed>(`${id}/DockerFailed`)("DockerFailed", {
  exitCode: Schema.Int,
  output: Schema.String
}) {
  override get message() {
    return `docker compose failed (exit code ${this.exitCode}): check that the image can be pulled, or set KAFKA_BROKERS to a Kafka that runs elsewhere\n${this.output}`
  }
}

/** None of the four ways leads to a Kafka here. */
export class NoWay extends Schema.TaggedError<NoWay>(`${id}/NoWay`)("NoWay", {
  address: Schema.String,
  java: Schema.String
}) {
  override get message() {
    return [
      `no Kafka answers at ${this.address} and none can be started here. Three ways out:`,
      "  1. set KAFKA_BROKERS=host:port to a Kafka that runs",
      "  2. start Docker and try again",
      `  3. install a JDK 17 or newer and Maven (now: ${this.java})`,
      "To see the programs at work without a Kafka: npx -y pnpm@12 demo --memory"
    ].join("\n")
  }
}

/** A dev broker runs already, and not the one that was asked for. */
export class RunsOtherwise extends Schema.TaggedError<RunsOtherwise>(`${id}/RunsOtherwise`)("RunsOtherwise", {
  detail: Schema.String
}) {
  override get message() {
    return this.detail
  }
}

/** Another process holds the lock for longer than any start takes. */
export class LockBusy extends Schema.TaggedError<LockBusy>(`${id}/LockBusy`)("LockBusy", {
  path: Schema.String,
  seconds: Schema.Number
}) {
  override get message() {
    return `another process has held ${this.path} for ${this.seconds} s: wait for its download or start to end, or stop it`
  }
}

/** A file or a process could not be handled; the operating system says why. */
export class SystemFailed extends Schema.TaggedError<SystemFailed>(`${id}/SystemFailed`)("SystemFailed", {
  detail: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return this.detail
  }
}

export const Reason = Schema.Union([
  JavaMissing,
  JavaTooOld,
  MavenMissing,
  MavenFailed,
  PortTaken,
  DiskFull,
  BrokerExited,
  NotHealthy,
  NotRunning,
  DockerFailed,
  NoWay,
  RunsOtherwise,
  LockBusy,
  SystemFailed
])
export type Reason = typeof Reason.Type

/** There is no Kafka, or it could not be handled: one error, its `reason` says why. */
export class DevKafkaError extends Schema.TaggedError<DevKafkaError>(id)("DevKafkaError", { reason: Reason }) {
  override get message() {
    return this.reason.message
  }
}

/** Wraps a reason. */
export const because = (reason: Reason): DevKafkaError => new DevKafkaError({ reason })

/** The words for a full disk of Node, Maven and the JVM. */
const fullDisk = /ENOSPC|No space left on device|not enough space/i

/** Recognises a full disk in what a program printed. */
export const saysDiskIsFull = (text: string): boolean => fullDisk.test(text)

/** What the operating system refused, for the file or folder at `path`. */
export const fromSystem =
  (path: string) =>
  (cause: { readonly message: string }): DevKafkaError =>
    saysDiskIsFull(`${cause.message} ${String((cause as { cause?: unknown }).cause ?? "")}`)
      ? because(new DiskFull({ path }))
      : because(new SystemFailed({ detail: cause.message, cause }))
