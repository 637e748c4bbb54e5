/**
 * Why a requester or a responder could not start. Everything that can be known before the first call is said here.
 *
 * @example
 * ```ts
 * import * as assert from "node:assert/strict"
 * import * as Contract from "@kafka-request-reply/core/Contract"
 * import * as MemoryTransport from "@kafka-request-reply/core/MemoryTransport"
 * import * as Requester from "@kafka-request-reply/core/Requester"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const GetStock = Rpc.make("GetStock", { payload: { sku: Schema.String }, success: Schema.Int }).annotate(Contract.Safe, true)
 * const Inventory = RpcGroup.make(GetStock).annotate(Contract.Name, "inventory")
 *
 * // Topics are not created unless the options say so.
 * const started = Layer.build(Requester.layer(Inventory)).pipe(
 *   Effect.as("started"),
 *   Effect.catchReason("StartError", "TopicMissing", ({ topics }) => Effect.succeed(topics.join(", "))),
 *   Effect.scoped,
 *   Effect.provide(MemoryTransport.layer)
 * )
 * assert.equal(await Effect.runPromise(started), "inventory.requests, inventory.control, inventory.replies")
 * ```
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { twoCopies } from "../contract/effectCopy.ts"
import type { AnyGroup } from "../contract/Operation.ts"
import * as OptionRules from "../settings/OptionRules.ts"
import { TransportError } from "../kafka/TransportError.ts"

const EffectCopy = Schema.Struct({ version: Schema.String, folder: Schema.String })
const named = ({ folder, version }: typeof EffectCopy.Type) => `effect ${version} (${folder})`

const id = "@kafka-request-reply/core/startup/StartError"

/** The group carries no `Contract.Name`, or one that cannot be part of a topic name. */
export class Unnamed extends Schema.TaggedError<Unnamed>(`${id}/Unnamed`)("Unnamed", {
  operations: Schema.Array(Schema.String)
}) {
  override get message() {
    return `the contract with ${this.operations.join(", ")} has no usable name; annotate its group: .annotate(Contract.Name, "inventory") (letters, digits, '.', '_' and '-')`
  }
}

/**
 * The contract was made by another copy of `effect` than the one this library uses: another version of it is installed
 * beside the first. Values do not cross from one copy to the other.
 */
export class TwoCopiesOfEffect extends Schema.TaggedError<TwoCopiesOfEffect>(`${id}/TwoCopiesOfEffect`)(
  "TwoCopiesOfEffect",
  { ofContract: EffectCopy, ofCore: EffectCopy }
) {
  override get message() {
    return `the contract was made by ${named(this.ofContract)}, this library uses ${named(this.ofCore)}; a program can have one copy only: ask for the same version of effect everywhere and let the package manager remove the other (npm ls effect, npm dedupe)`
  }
}

/** Topics that are needed do not exist. */
export class TopicMissing extends Schema.TaggedError<TopicMissing>(`${id}/TopicMissing`)("TopicMissing", {
  /** All that are missing, as far as that is known. */
  topics: Schema.NonEmptyArray(Schema.String),
  /** What creates them as `topics: "create"` would, for a shell; none when one was lost while it was set up. */
  commands: Schema.Array(Schema.String)
}) {
  override get message() {
    const [what, them] = this.topics.length === 1 ? ["topic", "it"] : ["topics", "them"]
    const does = this.topics.length === 1 ? "does" : "do"
    const commands = this.commands.map((command) => `\n  ${command}`).join("")
    return `${what} ${this.topics.join(", ")} ${does} not exist; create ${them}, or set topics: "create"${commands === "" ? "" : `:${commands}`}`
  }
}

/** A topic has too few partitions for what was configured. */
export class TooFewPartitions extends Schema.TaggedError<TooFewPartitions>(`${id}/TooFewPartitions`)(
  "TooFewPartitions",
  { topic: Schema.String, partitions: Schema.Int, needed: Schema.Int, setting: Schema.String }
) {
  override get message() {
    return `topic ${this.topic} has ${this.partitions} partitions and ${this.setting} needs ${this.needed}; add partitions or change ${this.setting}`
  }
}

/** A handler of the contract is missing from the context. */
export class HandlerMissing extends Schema.TaggedError<HandlerMissing>(`${id}/HandlerMissing`)("HandlerMissing", {
  operation: Schema.String
}) {
  override get message() {
    return `no handler for ${this.operation} in the context; provide the layer made by the group's toLayer`
  }
}

/** The brokers did not answer, or refused, within the start timeout. */
export class TransportFailed extends Schema.TaggedError<TransportFailed>(`${id}/TransportFailed`)("TransportFailed", {
  cause: TransportError
}) {
  override get message() {
    return this.cause.message
  }
}

/** The start took longer than `startTimeout`. */
export class StartTimeout extends Schema.TaggedError<StartTimeout>(`${id}/StartTimeout`)("StartTimeout", {
  timeoutMillis: Schema.Number,
  step: Schema.String
}) {
  override get message() {
    return `not ready after ${this.timeoutMillis} ms while ${this.step}; is the Kafka cluster healthy? Raise startTimeout if it is only slow`
  }
}

/** The contract has an operation that this version cannot carry. */
export class Unsupported extends Schema.TaggedError<Unsupported>(`${id}/Unsupported`)("Unsupported", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} cannot be called over Kafka as it is declared: ${this.detail}`
  }
}

/** An option has a value that makes no sense. */
export class InvalidOption extends Schema.TaggedError<InvalidOption>(`${id}/InvalidOption`)("InvalidOption", {
  option: Schema.String,
  given: Schema.String,
  accepts: Schema.String
}) {
  override get message() {
    return OptionRules.describe(this)
  }
}

/** A requester or responder could not start: one error, its `reason` says why. */
export class StartError extends Schema.TaggedError<StartError>(id)("StartError", {
  reason: Schema.Union([
    Unnamed,
    TwoCopiesOfEffect,
    TopicMissing,
    TooFewPartitions,
    HandlerMissing,
    Unsupported,
    TransportFailed,
    StartTimeout,
    InvalidOption
  ])
}) {
  override get message() {
    return this.reason.message
  }
}

/** Wraps a reason. */
export const because = (reason: StartError["reason"]): StartError => new StartError({ reason })

const fromTransport = (error: TransportError): StartError =>
  because(
    error.reason._tag === "NoSuchTopic"
      ? new TopicMissing({ topics: [error.reason.topic], commands: [] })
      : new TransportFailed({ cause: error })
  )

/** Bounds a start in time and says in `StartError`'s terms why it failed. `step` completes "not ready while …". */
export const within = <A, R>(
  effect: Effect.Effect<A, StartError | TransportError, R>,
  timeout: Duration.Input,
  step: string
): Effect.Effect<A, StartError, R> =>
  effect.pipe(
    Effect.catchTag("TransportError", (error) => Effect.fail(fromTransport(error))),
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () =>
        Effect.fail(
          because(new StartTimeout({ timeoutMillis: Duration.toMillis(Duration.fromInputUnsafe(timeout)), step }))
        )
    })
  )

/** Fails when a contract was made by another copy of `effect`. To be asked before anything looks into the contract. */
export const checkEffect = (group: AnyGroup): Effect.Effect<void, StartError> => {
  const found = twoCopies(group)
  return found === undefined ? Effect.void : Effect.fail(because(new TwoCopiesOfEffect(found)))
}

/** Fails with the first option that is none or does not meet its rule; it is named with its owner, when it has one. */
export const checkOptions = <O extends object>(
  options: O,
  rules: OptionRules.Rules<O>,
  owner?: string
): Effect.Effect<void, StartError> => {
  const found = OptionRules.invalidIn(options, rules)
  if (found === undefined) return Effect.void
  const option = owner === undefined ? found.option : `${found.option} of ${owner}`
  return Effect.fail(because(new InvalidOption({ ...found, option })))
}
