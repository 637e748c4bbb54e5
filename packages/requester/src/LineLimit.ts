/**
 * Cuts lines that are longer than any order could be, before they are put together: a file without line ends must not
 * fill the memory.
 */

const endOfLine = /[\r\n]/g

const nextEnd = (text: string, from: number): number => {
  endOfLine.lastIndex = from
  return endOfLine.exec(text)?.index ?? text.length
}

const lengthOfLast = (text: string): number =>
  text.length - 1 - Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r"))

/**
 * Cuts each line of the next piece of a text at one character more than `limit`, so that a cut line is longer than the limit
 * and can be recognised. `before` is the length so far of the line that the piece continues.
 */
export const cut = (limit: number, before: number, piece: string): readonly [before: number, kept: string] => {
  let [length, from, kept] = [before, 0, ""]
  while (length + piece.length - from > limit) {
    const end = nextEnd(piece, from)
    kept += piece.slice(from, Math.min(end, from + Math.max(0, limit + 1 - length)))
    if (end === piece.length) return [length + end - from, kept]
    kept += piece.charAt(end)
    from = end + 1
    length = 0
  }
  const rest = piece.slice(from)
  const last = lengthOfLast(rest)
  return [last === rest.length ? length + last : last, kept + rest]
}
