import { styleText } from 'node:util'
import type { Experiment } from './experiment.ts'
import { say, type Text } from './language.ts'
import { endings } from './report/words.ts'
import type { Ending, Result } from './results.ts'
import type { Watcher } from './run.ts'

/** Where progress is drawn: standard error, unless a test says otherwise. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(line: string): unknown
}

/** A bar that is redrawn in place and goes when an experiment ends. Nothing at all where there is no terminal. */
export function progressOn(screen: Screen, env: Readonly<Record<string, string | undefined>>): Watcher {
  return screen.isTTY ? { ...progressBar(screen, env), finished: () => void screen.write('\r\u001b[K') } : {}
}

function progressBar(screen: Screen, env: Readonly<Record<string, string | undefined>>): Watcher {
  const color = colored(screen, env)
  let place = ''
  const draw = (experiment: Experiment, done: number, doing: Text) => {
    const width = 24
    const filled = Math.round(Math.min(1, Math.max(0, done)) * width)
    const bar = paint('cyan', '━'.repeat(filled), color) + paint('dim', '─'.repeat(width - filled), color)
    const line = `${place} ${experiment.id.padEnd(3)} ${bar} `
    const room = (screen.columns ?? 80) - place.length - width - 8
    screen.write(`\r\u001b[K${line}${doing.en.slice(0, Math.max(0, room))}`)
  }
  return {
    started(experiment, index, of) {
      place = `${String(index + 1).padStart(String(of).length)}/${of}`
      draw(experiment, 0, experiment.title)
    },
    progress: draw,
  }
}

/**
 * `C1   ✓ holds         100 % of the requests to the other node missed`: a line of the table. On a terminal that is too
 * narrow for it, it goes on in its own column; elsewhere it stays one line, for `grep`.
 */
export function resultLine(
  result: Pick<Result, 'id' | 'verdict' | 'headline' | 'error'>,
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const { mark, name } = endings[result.verdict]
  const colors = {
    holds: 'green',
    fails: 'red',
    inconclusive: 'yellow',
    'could-not-run': 'magenta',
    interrupted: 'magenta',
  } as const satisfies Record<Ending, string>
  const verdict = paint(colors[result.verdict], `${mark} ${name.en}`.padEnd(15), colored(screen, env))
  const found = result.error ?? `${say(result.headline.value, 'en')} ${result.headline.label.en}`
  const indent = 4 + 1 + 15 + 1
  const room = screen.isTTY ? (screen.columns ?? 80) - indent : Number.POSITIVE_INFINITY
  return `${result.id.padEnd(4)} ${verdict} ${wrapped(found, Math.max(20, room)).join(`\n${' '.repeat(indent)}`)}`
}

/** The words in lines of at most `room` characters; a word that is longer has a line of its own. */
function wrapped(words: string, room: number): string[] {
  const lines: string[] = []
  for (const word of words.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && longer.length <= room) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** Colours only on a terminal, and not for those who do not want them (no-color.org). */
export function colored(screen: Screen, env: Readonly<Record<string, string | undefined>>): boolean {
  return screen.isTTY === true && !env.NO_COLOR
}

type Ink = Parameters<typeof styleText>[0]
const paint = (ink: Ink, words: string, color: boolean) =>
  color ? styleText(ink, words, { validateStream: false }) : words
