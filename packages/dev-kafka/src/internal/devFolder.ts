/**
 * Where things lie, found from this module and not from the working folder, so that every program and every test agrees.
 */
import { fileURLToPath } from "node:url"

const fromPackage = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url))

/** `.kafka` at the root of the repository. */
export const defaultDevFolder = fromPackage("../../.kafka")
export const packagesFolder = fromPackage("..")
export const composeFile = fromPackage("../../docker-compose.yml")
export const pomFile = fromPackage("pom.xml")
export const log4jFile = fromPackage("log4j2.properties")
