import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

const packages = fileURLToPath(new URL("packages", import.meta.url))

// Packages are tested as sources: the `dist` of a sibling may be missing or old.
const conditions = ["source", "simulator", "module", "node", "development|production"]

// Every folder in packages/ is a project. They are listed one by one because only an inline project takes over the
// settings below.
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Only what hangs is to be ended: a loaded machine must not fail a test that is right.
    testTimeout: 60_000,
    globalSetup: ["packages/dev-kafka/src/testBroker.ts"],
    projects: readdirSync(packages).map((folder) => ({
      extends: true as const,
      root: `${packages}/${folder}`,
      test: { name: JSON.parse(readFileSync(`${packages}/${folder}/package.json`, "utf8")).name }
    }))
  }
})
