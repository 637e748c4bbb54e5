/**
 * The contract that the laws of request/reply are tried on: one operation for each way of delivery, and one that shows
 * order. What an operation does is up to the test.
 */
import * as Rpc from "effect/rpc/Rpc"
import * as RpcGroup from "effect/rpc/RpcGroup"
import * as Schema from "effect/Schema"
import * as Contract from "../../../src/contract/Contract.ts"

/** The declared error of all operations. `isFinal` ones are kept for repeated requests. */
export class Refused extends Schema.TaggedError<Refused>("test/Refused")("Refused", {
  why: Schema.String,
  isFinal: Schema.Boolean
}) {
  override get message() {
    return this.why
  }
}

const outcome = { success: Schema.String, error: Refused }
const isFinal = (error: unknown): boolean => error instanceof Refused && error.isFinal

/** May run once: never retried. Known again by its correlation id only. */
const Work = Rpc.make("Work", { payload: { id: Schema.String }, ...outcome })

/** Only reads. */
const Find = Rpc.make("Find", { payload: { id: Schema.String }, ...outcome }).annotate(Contract.Safe, true)

/** Only reads, and is sent again beside an attempt that takes 300 ms. */
const Look = Rpc.make("Look", { payload: { id: Schema.String }, ...outcome })
  .annotate(Contract.Safe, true)
  .annotate(Contract.Hedge, { delay: "300 millis" })

/** May run twice; an attempt without an answer is made again after a second. */
const Put = Rpc.make("Put", { payload: { id: Schema.String }, ...outcome })
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.Retry, {
    maxAttempts: 3,
    baseDelay: "100 millis",
    maxDelay: "2 seconds",
    attemptTimeout: "1 second"
  })

/** Has a key: done once, however often it is asked for. */
const Order = Rpc.make("Order", {
  payload: { id: Schema.String, amount: Schema.Int },
  ...outcome,
  primaryKey: ({ id }) => id
}).annotate(Contract.FinalErrors, isFinal)

/** Has a key, and is retried. */
const Reserve = Rpc.make("Reserve", {
  payload: { id: Schema.String, amount: Schema.Int },
  ...outcome,
  primaryKey: ({ id }) => id
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.FinalErrors, isFinal)

/** Has a key, and a handler that remembers by itself what it did. */
const Book = Rpc.make("Book", {
  payload: { id: Schema.String, amount: Schema.Int },
  ...outcome,
  primaryKey: ({ id }) => id
})
  .annotate(Contract.Idempotent, true)
  .annotate(Contract.StoreReplies, false)

/** Puts a number at the end of the list of its key: shows the order in which requests ran. */
const Append = Rpc.make("Append", { payload: { key: Schema.String, seq: Schema.Int }, ...outcome })

/** Two of its handlers run at one time, at most. */
const Limited = Rpc.make("Limited", { payload: { id: Schema.String }, ...outcome }).annotate(Contract.Concurrency, 2)

/** Waits a moment only. */
const Hasty = Rpc.make("Hasty", { payload: { id: Schema.String }, ...outcome }).annotate(Contract.MaxWait, "300 millis")

/** Before all others, and after them. */
const Urgent = Rpc.make("Urgent", { payload: { id: Schema.String }, ...outcome }).annotate(Contract.Priority, "high")
const Sometime = Rpc.make("Sometime", { payload: { id: Schema.String }, ...outcome }).annotate(Contract.Priority, "low")

/** An operation by name and how it is delivered. */
export const operations = RpcGroup.make(
  Work,
  Find,
  Look,
  Put,
  Order,
  Reserve,
  Book,
  Append,
  Limited,
  Hasty,
  Urgent,
  Sometime
)

export type TestContract = typeof operations
export type Handlers = RpcGroup.HandlersFrom<RpcGroup.Rpcs<TestContract>>

/** The contract under a name of its own. */
export const named = (name: string): TestContract => operations.annotate(Contract.Name, name)

/** A value for each operation of the contract. */
export const forEachOperation = <A>(of: (operation: string) => A): Readonly<Record<keyof Handlers, A>> =>
  Object.fromEntries(Array.from(operations.requests.keys(), (tag) => [tag, of(tag)])) as Record<keyof Handlers, A>

const unexpected = (operation: string) => () => {
  throw new Error(`nobody expected a call of ${operation}`)
}

/** Handlers of the whole contract: those given, and for the others one that dies. */
export const handlers = (given: Partial<Handlers>): Handlers => ({ ...forEachOperation(unexpected), ...given })
