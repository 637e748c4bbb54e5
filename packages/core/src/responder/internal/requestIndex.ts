/**
 * The requests without an outcome by correlation id, which attempts of one call share.
 */
import type { OpenRequest } from "./openRequest.ts"

const none: ReadonlyArray<OpenRequest> = []

export class RequestIndex {
  readonly #requests = new Map<string, ReadonlyArray<OpenRequest>>()

  /** The attempts of a call that have no outcome. */
  get(id: string): ReadonlyArray<OpenRequest> {
    return this.#requests.get(id) ?? none
  }

  add(request: OpenRequest): void {
    const known = this.#requests.get(request.id)
    this.#requests.set(request.id, known === undefined ? [request] : [...known, request])
  }

  remove(request: OpenRequest): void {
    const known = this.#requests.get(request.id)
    if (known === undefined) return
    const rest = known.length === 1 && known[0] === request ? none : known.filter((other) => other !== request)
    if (rest.length === 0) this.#requests.delete(request.id)
    else this.#requests.set(request.id, rest)
  }
}
