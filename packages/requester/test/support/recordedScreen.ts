/**
 * A screen for tests: keeps what was written.
 */
import * as Layer from "effect/Layer"
import { Screen } from "../../src/Screen.ts"

const output = (lines: Array<string>) => ({
  line: (text: string) => void lines.push(text),
  paint: (_: string, text: string) => text,
  isColoured: false
})

export const recordedScreen = () => {
  const written = { result: [] as Array<string>, course: [] as Array<string>, complaint: [] as Array<string> }
  const layer = Layer.succeed(Screen, {
    result: output(written.result),
    course: output(written.course),
    complaint: output(written.complaint),
    status: undefined,
    columns: () => 80
  })
  return { written, layer }
}
