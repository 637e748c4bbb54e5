/**
 * The part of a Java program's output that is worth showing in a message.
 */

const keptLines = 12

/** The last 12 lines that are no stack frames. */
export const endOfLog = (text: string): string =>
  text
    .split("\n")
    .filter((line) => line !== "" && !/^\s+(at |\.\.\. \d+ more)/.test(line))
    .slice(-keptLines)
    .join("\n")
