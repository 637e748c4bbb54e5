import { defineConfig } from "vitest/config"

// Sibling packages are tested as sources: their `dist` may be missing or old.
export default defineConfig({
  ssr: { resolve: { conditions: ["source", "module", "node", "development|production"] } }
})
