/**
 * What the global set-up hands to the tests, by vitest's `provide` and `inject`.
 */
export type KafkaBrokers = ReadonlyArray<string> | undefined

declare module "vitest" {
  interface ProvidedContext {
    /** `host:port` of the shared broker; absent when no integration test was to run. */
    readonly kafkaBrokers: KafkaBrokers
  }
}
