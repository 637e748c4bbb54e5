/**
 * Where things lie: `.kafka` at the root of the repository (jars, the dev broker's data and state, locks; all of it can
 * be deleted when nothing runs), and the files that this package ships. Found from this module, not from the working
 * folder, so that every program and every test agrees.
 */
import { fileURLToPath } from "node:url"

const fromPackage = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

export const repositoryFolder = fromPackage("../..")
export const devFolder = fromPackage("../../.kafka")
export const pomFile = fromPackage("pom.xml")
export const log4jFile = fromPackage("log4j2.properties")
