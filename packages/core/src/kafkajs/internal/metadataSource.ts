/**
 * Fetches metadata from the brokers and keeps the view up to date.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Metadata } from "../../protocol/metadataCodec.ts"
import type { Background } from "./background.ts"
import type { BrokerDirectory } from "./brokerDirectory.ts"
import { type BrokerRequests, lookMillis, type Question } from "./brokerRequests.ts"
import { metadataRequest } from "./metadataRequest.ts"
import { isMissing, type MetadataView } from "./metadataView.ts"

const metadataAge = "20 seconds"

/** The metadata that one broker gave. */
interface Given {
  readonly answer: Metadata
  readonly address: string
}

/** A fetch under way, and the topics it asks for. */
interface Look {
  readonly topics: ReadonlySet<string>
  readonly done: Deferred.Deferred<void, TransportError>
}

export class MetadataSource {
  readonly #requests: BrokerRequests
  readonly #directory: BrokerDirectory
  readonly #view: MetadataView
  readonly #background: Background
  #look: Look | undefined

  constructor(requests: BrokerRequests, directory: BrokerDirectory, view: MetadataView, background: Background) {
    this.#requests = requests
    this.#directory = directory
    this.#view = view
    this.#background = background
  }

  /**
   * The metadata of some topics. A broker that has just started knows no topics yet: when the first broker misses a topic that
   * the view has, a second broker is asked before the topic counts as missing.
   */
  readonly fetch = Effect.fnUntraced(function* (
    this: MetadataSource,
    topics: ReadonlyArray<string>
  ): Effect.fn.Return<Metadata, TransportError> {
    const { address, answer } = yield* this.#requests.askAny("asking for metadata", this.#question(topics))
    const isDoubtful = answer.topics.some(
      (topic) => isMissing(topic) && this.#view.partitions(topic.topic) !== undefined
    )
    if (!isDoubtful) return answer
    const others = this.#directory.candidates.filter(
      (node) => node.address !== address && node.suspectedSince === undefined
    )
    const second = yield* Effect.option(this.#requests.askOneOf(others, "no other broker", this.#question(topics)))
    if (second._tag === "None") return answer
    const known = new Map(second.value.answer.topics.map((topic) => [topic.topic, topic]))
    return {
      ...answer,
      topics: answer.topics.map((said) => (isMissing(said) ? (known.get(said.topic) ?? said) : said))
    }
  })

  /** Fetches the metadata of all registered topics. Joins a fetch under way that asks for all of them. */
  readonly refresh: Effect.Effect<void, TransportError> = Effect.suspend(() => {
    const underWay = this.#look
    const { targets } = this.#view
    if (underWay !== undefined && [...targets].every((topic) => underWay.topics.has(topic))) {
      return Deferred.await(underWay.done)
    }
    const look: Look = { topics: new Set(targets), done: Deferred.makeUnsafe<void, TransportError>() }
    this.#look = look
    // In the background, because other callers may wait for it when this one is interrupted.
    this.#background.start(Effect.ignoreCause(this.#run(look)))
    return Deferred.await(look.done)
  })

  /** Refreshes the view at intervals; for ever. */
  get keepFresh(): Effect.Effect<never> {
    return this.refresh.pipe(Effect.ignore, Effect.delay(metadataAge), Effect.forever)
  }

  #run(look: Look): Effect.Effect<void, TransportError> {
    return this.fetch([...look.topics]).pipe(
      Effect.map((answer) => {
        this.#view.absorb(answer)
        this.#directory.forgetGone()
      }),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (this.#look === look) this.#look = undefined
          Deferred.doneUnsafe(look.done, exit)
        })
      )
    )
  }

  #question(topics: ReadonlyArray<string>): Question<Given> {
    return (connection) =>
      this.#requests
        .ask<Metadata>(connection, "asking for metadata", metadataRequest(topics), { timeoutMillis: lookMillis })
        .pipe(Effect.map((answer) => ({ answer, address: connection.address })))
  }
}
