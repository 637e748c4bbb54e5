/**
 * Ends a program that an old Node.js runs, with one sentence on standard error instead of a SyntaxError.
 *
 * The first import of a `main.ts`. What that file imports beside it is loaded before this is asked, so it imports nothing
 * that an old Node.js lacks; everything else it imports later, by `import()`.
 */

const needed = 24

/** What is wrong with a Node.js of this version, such as "20.20.2"; undefined when it is new enough. */
export const tooOld = (version: string): string | undefined =>
  Number.parseInt(version, 10) >= needed
    ? undefined
    : `needs Node.js ${needed} or newer; this process runs on ${version}: install a newer one from https://nodejs.org`

const refusal = tooOld(process.versions.node)
if (refusal !== undefined) {
  process.stderr.write(`This program ${refusal}\n`)
  process.exit(1)
}
