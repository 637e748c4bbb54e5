/**
 * Where a Kafka comes from, decided step by step from what is known; pure. Nothing is asked that does not matter any
 * more: no Docker engine while a broker answers, no Java while Docker does.
 */
import * as Data from "effect/Data"

/** What is known so far; a missing member was not asked yet. */
export interface Known {
  /** The addresses in `KAFKA_BROKERS`; none when it is not set. */
  readonly configured?: ReadonlyArray<string>
  /** What is on the dev broker's port: a Kafka, nothing, or something else. */
  readonly local?: "kafka" | "free" | "taken"
  /** Whether a Docker engine with compose answers. */
  readonly docker?: boolean
  /** Whether Java and the jars (or Maven to get them) are there; a text says why not. */
  readonly java?: { readonly usable: true } | { readonly usable: false; readonly problem: string }
}

export type Way = Data.TaggedEnum<{
  /** Use the Kafka that `KAFKA_BROKERS` names; start nothing. */
  Configured: { readonly brokers: ReadonlyArray<string> }
  /** Use the Kafka that listens on the dev broker's port. */
  Local: {}
  Docker: {}
  Java: {}
  /** The port is in use by something that is not Kafka: neither Docker nor Java could listen there. */
  Taken: {}
  None: { readonly problem: string }
}>
export const Way = Data.taggedEnum<Way>()

export type Step = Data.TaggedEnum<{
  Ask: { readonly about: keyof Known }
  Take: { readonly way: Way }
}>
export const Step = Data.taggedEnum<Step>()

const take = (way: Way): Step => Step.Take({ way })

/** The next question, or the way to take. */
export const nextStep = (known: Known): Step => {
  if (known.configured === undefined) return Step.Ask({ about: "configured" })
  if (known.configured.length > 0) return take(Way.Configured({ brokers: known.configured }))
  if (known.local === undefined) return Step.Ask({ about: "local" })
  if (known.local === "kafka") return take(Way.Local())
  if (known.local === "taken") return take(Way.Taken())
  if (known.docker === undefined) return Step.Ask({ about: "docker" })
  if (known.docker) return take(Way.Docker())
  if (known.java === undefined) return Step.Ask({ about: "java" })
  return take(known.java.usable ? Way.Java() : Way.None({ problem: known.java.problem }))
}
