/**
 * Says in one sentence that this Node.js is too old, while the library is loaded. Without it the first sign would be a
 * missing global in the middle of a call. The package managers warn too (`engines`), but most people do not see it.
 *
 * Loaded first by the modules that everything else imports. It works only as long as every module of ours can be linked
 * by an old Node.js: built-in modules that lack an export there are imported whole (`import * as zlib`).
 */

const needed = 24

/** What is wrong with a Node.js of this version, such as "20.20.2"; undefined when it is new enough. */
export const tooOld = (version: string): string | undefined =>
  Number.parseInt(version, 10) >= needed
    ? undefined
    : `@kafka-request-reply/core needs Node.js ${needed} or newer; this process runs on ${version}: install a newer one from https://nodejs.org`

const refusal = tooOld(process.versions.node)
if (refusal !== undefined) throw new Error(refusal)
