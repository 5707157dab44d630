import { isText, text, type Words } from '../language.ts'
import { textWidth } from './text-width.ts'
import { nameSize } from './theme.ts'

/** A name longer than this is broken in two, in pixels. */
const longest = 170

/** A long name in two lines, after its first comma, so that no name is cut off. Plots draw `\n` as the end of a line. */
export function broken(name: Words): Words {
  if (isText(name)) return text(inTwo(name.en), inTwo(name.ko))
  return typeof name === 'string' ? inTwo(name) : name
}

const inTwo = (name: string) => (textWidth(name, nameSize) > longest ? name.replace(', ', ',\n') : name)

/** The width of a name's longest line in pixels, as an axis writes it. */
export const longestLine = (name: string): number =>
  Math.max(...name.split('\n').map((line) => textWidth(line, nameSize)))
