/**
 * The error of a call: what happened to it, with what its operation says of running twice.
 */
import type { Operation } from "../../contract/Operation.ts"
import { type Reason, RequestError } from "../RequestError.ts"

export const requestErrorOf = ({ mayRunTwice }: Operation, reason: Reason): RequestError =>
  new RequestError({ reason, mayRunTwice })
