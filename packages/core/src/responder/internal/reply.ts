/**
 * Sends what the machine wants written: replies, after a look at their topic, and dead letters; and decides what becomes
 * of a record when the broker refuses them. Nothing that cannot be written vanishes without a word.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { monotonicMillis } from "../../host/MonotonicTime.ts"
import type { Topics } from "../../kafka/Transport.ts"
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import { refusalOf } from "../ReplyHeaders.ts"
import { rejected } from "./answer.ts"
import type { Reply } from "./commands.ts"
import { DeadLetter, type Fates, type Origin, type Outgoing, ReplyPublication } from "./replyPublication.ts"
import { type RefusedReplies, RefusedTopics } from "./refusedTopics.ts"
import { adviceOf, look, type Looked } from "./replyTopics.ts"
import type { ServeRecorder } from "./serveRecorder.ts"
import type { TakenRecord } from "./state.ts"

export interface ReplyDependencies {
  readonly publisher: Publisher
  readonly topics: Topics
  readonly clock: Clock.Clock
  readonly recorder: ServeRecorder
  readonly origin: Origin
  readonly deadLetterTopic: string | undefined
  /** Runs an effect beside everything else. */
  readonly fork: (effect: Effect.Effect<void>) => void
  /** Takes in what became of what was sent. */
  readonly fates: Fates
  /** Replies that are not going to be written, nor anything in their place. */
  readonly onGivenUp: (taken: TakenRecord) => void
}

// Requesters choose their reply topics: of no more than so many it is remembered what was found.
const maxTopics = 1_000

// Longer than a leader takes to move; then the record is given up rather than holding its partition.
const patienceMillis = 30_000

type Known = Looked | Array<readonly [TakenRecord, Reply]>

export class Replies {
  readonly #environment: ReplyDependencies
  /** What a look has found, or who waits for it. */
  readonly #topics = new Map<string, Known>()
  readonly #refused = new RefusedTopics()

  constructor(environment: ReplyDependencies) {
    this.#environment = environment
  }

  /** The reply topics that take no replies now. */
  get refusedTopics(): ReadonlyArray<RefusedReplies> {
    return this.#refused.all()
  }

  /** Sends an answer. */
  send(taken: TakenRecord, reply: Reply): void {
    const refusal = refusalOf(reply.headers)
    if (refusal !== undefined) {
      return this.send(taken, { ...reply, answer: rejected("reply-too-large", refusal), headers: [] })
    }
    const { topic } = reply.addressee.replyTo
    const known = this.#topics.get(topic)
    if (known === undefined) return this.#look(topic, taken, reply)
    if (Array.isArray(known)) known.push([taken, reply])
    else this.#write(taken, reply, known)
  }

  /** Copies a record to the dead letter topic. */
  sendDeadLetter(taken: TakenRecord, reason: string): void {
    const { clock, deadLetterTopic, fates, publisher } = this.#environment
    const deadline = monotonicMillis(clock) + patienceMillis
    publisher.offer(new DeadLetter(deadLetterTopic!, taken, reason, deadline, fates))
  }

  /** The broker has acknowledged something. */
  written(publication: Outgoing): void {
    if (publication instanceof ReplyPublication) this.#refused.written(publication)
  }

  /** The broker refused something for good, or its time is up. True when something else was sent in its place. */
  refused(publication: Outgoing, error: TransportError): boolean {
    const { clock, recorder } = this.#environment
    if (!(publication instanceof ReplyPublication)) {
      recorder.deadLetterLost(publication.taken.record, error)
      return false
    }
    const { answer: reply, taken, topic } = publication
    // What a compacted topic says to a record without a key, where the look at its settings had no answer.
    if (publication.key === null && error.reason._tag === "Refused" && error.reason.code === "INVALID_RECORD") {
      const looked: Looked = { needsKey: true, trouble: undefined }
      this.#topics.set(topic, looked)
      this.#write(taken, reply, looked)
      return true
    }
    const advice = adviceOf(error, topic)
    recorder.replyRefused(topic, error, advice)
    this.#refused.refused(publication, error, advice, clock.currentTimeMillisUnsafe())
    // The caller is told once, in a reply of a few bytes.
    if (!error.isDefinitive || reply.answer.outcome === "rejected") return false
    const status = error.reason._tag === "TooLarge" ? "reply-too-large" : "reply-refused"
    const answer = rejected(status, `the reply could not be written: ${error.message}`)
    this.send(taken, { addressee: reply.addressee, answer, headers: [] })
    return true
  }

  #write(taken: TakenRecord, reply: Reply, { needsKey }: Looked): void {
    const { clock, fates, onGivenUp, origin, publisher, recorder } = this.#environment
    const at = monotonicMillis(clock)
    if (at >= taken.replyBy) {
      recorder.replyAbandoned()
      return onGivenUp(taken)
    }
    const wall = clock.currentTimeMillisUnsafe()
    const publication = new ReplyPublication(taken, reply, wall, needsKey, origin, fates)
    taken.reply = publication
    taken.repliedAt = at
    publisher.offer(publication)
  }

  #look(topic: string, taken: TakenRecord, reply: Reply): void {
    const { fork, recorder, topics } = this.#environment
    if (this.#topics.size >= maxTopics) this.#forgetOne()
    const waiting: Array<readonly [TakenRecord, Reply]> = [[taken, reply]]
    this.#topics.set(topic, waiting)
    const found = (looked: Looked): void => {
      this.#topics.set(topic, looked)
      if (looked.trouble !== undefined) recorder.replyTopicTrouble(topic, looked.trouble)
      for (const [held, answer] of waiting) this.#write(held, answer, looked)
    }
    fork(Effect.map(look(topics, topic), found))
  }

  #forgetOne(): void {
    for (const [topic, known] of this.#topics) {
      if (Array.isArray(known)) continue
      this.#topics.delete(topic)
      return
    }
  }
}
