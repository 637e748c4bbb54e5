/**
 * Writes the report of the public surface anew: `npx -y pnpm@12 api`.
 */
import { writeFileSync } from "node:fs"
import { report, reportFile } from "./declarations.ts"

writeFileSync(reportFile, report().text)
