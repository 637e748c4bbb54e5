/**
 * Sends the records of calls: names the reply address in them, and holds them while there is none that could be heard.
 * Which attempt is made when is decided elsewhere.
 */
import type { TransportError } from "../../kafka/TransportError.ts"
import type { Publisher } from "../../publisher/Publisher.ts"
import type { ReplyAddress } from "../../wire/ReplyAddress.ts"
import { anotherAttempt, firstAttempt, hedgeAttempt, mayGoAnywhere, nextAttempt, readdress } from "./attempts.ts"
import type { Attempt, Call, CallParts } from "./call.ts"

export class Sender {
  readonly #token: Uint8Array
  readonly #publisher: Pick<Publisher, "offer">
  /** Where replies come to, once the inbox is open. */
  #replyTo: ReplyAddress | undefined
  #deafBecause: TransportError | undefined

  constructor(token: Uint8Array, publisher: Pick<Publisher, "offer">) {
    this.#token = token
    this.#publisher = publisher
  }

  /** Why replies cannot be heard now, though they may come later; undefined when they can. */
  get deafBecause(): TransportError | undefined {
    return this.#deafBecause
  }

  /**
   * Replies come to this address from now on. What was held is sent, and the requests of these calls that still wait to be
   * written name it: the old address may not be heard before their deadline.
   */
  hearAt(address: ReplyAddress, calls: Iterable<Call>, now: number): void {
    const isOther = this.#replyTo?.partition !== address.partition
    this.#replyTo = address
    this.#deafBecause = undefined
    for (const call of calls) {
      if (call.held !== undefined) this.#release(call, now)
      else if (isOther) readdress(call, address, now)
    }
  }

  /** Nothing is sent before replies can be heard again. */
  deafen(error: TransportError): void {
    this.#deafBecause = error
  }

  /** A new call, not sent yet. */
  make(parts: Omit<CallParts, "correlationId">): Call {
    return firstAttempt(parts, this.#token, this.#replyTo)
  }

  /** Sends a call that was made just now. */
  first(call: Call): void {
    if (this.#deafBecause === undefined) this.#publisher.offer(call)
    else this.#hold(call, "first", this.#deafBecause)
  }

  /** Sends the next attempt. False when it is held. */
  next(call: Call, now: number): boolean {
    if (this.#deafBecause !== undefined) {
      this.#hold(call, "next", this.#deafBecause)
      return false
    }
    this.#publisher.offer(nextAttempt(call, this.#replyTo, now))
    return true
  }

  /** Where a hedge of the call can go and be heard: a partition that was not tried. Undefined when there is none. */
  beside(call: Call): number | undefined {
    return this.#deafBecause === undefined && call.held === undefined
      ? call.route.router.elsewhere(call.tried)
      : undefined
  }

  /** Sends a hedge to a partition that `beside` has named. */
  hedge(call: Call, partition: number, now: number): void {
    this.#publisher.offer(hedgeAttempt(call, this.#replyTo, now, partition))
  }

  /** Sends what was held, with the address of now. */
  #release(call: Call, now: number): void {
    const what = call.held
    call.held = undefined
    if (what === "next") return void this.next(call, now)
    // It was never offered, and never will be.
    call.isRefused = true
    this.#publisher.offer(anotherAttempt(call, this.#replyTo, now, call.partition))
  }

  #hold(call: Call, what: "first" | "next", why: TransportError): void {
    call.held = what
    call.refusal = why
  }

  /**
   * Sends an attempt again that the publisher has given back, if it was certainly not written and can go elsewhere, or wait
   * after all.
   */
  elsewhere(attempt: Attempt, error: TransportError, now: number): boolean {
    const { call } = attempt
    const { operation, key, waitsForReady } = call.template
    if (attempt.delivery !== "not-sent" || call.deadline <= now) return false
    const { router } = call.route
    if (error.reason._tag === "NoSuchPartition") {
      // An unsafe operation that another partition may have is not brought to a second one.
      if (!operation.isSafe && call.furthest !== "not-sent") return false
      router.learn(error.reason.partitions)
      const partition = mayGoAnywhere(call, attempt.ordinal) ? router.elsewhere(call.tried) : router.route(key)
      if (partition === undefined || call.tried.includes(partition)) return false
      this.#publisher.offer(anotherAttempt(attempt, this.#replyTo, now, partition))
      return true
    }
    // A full queue is full for all partitions.
    if (
      error.reason._tag === "QueueFull" ||
      !error.isRetryable ||
      attempt.waits ||
      !mayGoAnywhere(call, attempt.ordinal)
    )
      return false
    const partition = router.elsewhere(call.tried)
    // A hedge is not worth waiting for.
    const isNeeded = waitsForReady && !(attempt.isHedge && call.isOutBeside(attempt.ordinal))
    if (partition === undefined && !isNeeded) return false
    const isLast = partition === undefined
    this.#publisher.offer(anotherAttempt(attempt, this.#replyTo, now, partition ?? router.route(null), isLast))
    return true
  }
}
