import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours a text where the stream is a terminal that wants colours (NO_COLOR, TERM=dumb and pipes do not). */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream, validateStream: true })
}

/** Progress and news: for the person who watches, on stderr. */
export function note(line: string): void {
  process.stderr.write(`${styled('dim', '·', process.stderr)} ${line}\n`)
}

/** What went wrong, on stderr. */
export function complain(message: string): void {
  process.stderr.write(`${styled('red', message, process.stderr)}\n`)
}

/** The result, on stdout. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Heads a line of the result. */
export function strong(text: string): string {
  return styled('bold', text, process.stdout)
}

/** A line to type. */
export function typed(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styled('cyan', text, stream)
}
