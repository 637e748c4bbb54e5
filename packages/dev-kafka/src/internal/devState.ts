/**
 * What `up` started, kept in `.kafka/dev-<port>/state.json` so that `down` stops exactly that.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type DevKafkaError, fromSystem } from "../DevKafkaError.ts"

export const DevState = Schema.Struct({
  startedBy: Schema.Literals(["docker", "java"]),
  version: Schema.String,
  /** `host:port` */
  brokers: Schema.Array(Schema.String),
  /** The brokers' process ids with a word of their command line, to know them from later owners of the same id. */
  processes: Schema.Array(Schema.Struct({ pid: Schema.Int, mark: Schema.String }))
})
export type DevState = typeof DevState.Type

const Json = Schema.fromJsonString(DevState)
const decode = Schema.decodeUnknownOption(Json)
const encode = Schema.encodeEffect(Json)

const file = (folder: string): string => `${folder}/state.json`

/** The state; none when nothing was started or the file cannot be read. */
export const readState = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.option(fs.readFileString(file(folder)))
  return Option.flatMap(text, (found) => decode(found))
})

export const writeState = Effect.fnUntraced(function* (
  folder: string,
  state: DevState
): Effect.fn.Return<void, DevKafkaError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.orDie(encode(state))
  yield* fs.writeFileString(file(folder), text).pipe(Effect.mapError(fromSystem(file(folder))))
})

export const removeState = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.remove(file(folder), { force: true }).pipe(Effect.mapError(fromSystem(file(folder))))
})
