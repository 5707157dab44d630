/** One line that a process wrote. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** A line without an end is cut here, so that no process can fill this one's memory. */
const LINE_LIMIT = 64 * 1024

/** The last lines that a process wrote; older ones are forgotten. */
export class LogBuffer {
  readonly #lines: LogLine[] = []
  readonly #partial = { stdout: '', stderr: '' }
  readonly #capacity: number
  readonly #onLine: (line: LogLine) => void

  /** Keeps `capacity` lines; `onLine` hears each when it is complete. */
  constructor(capacity: number, onLine: (line: LogLine) => void = () => {}) {
    this.#capacity = capacity
    this.#onLine = onLine
  }

  /** Takes output as it comes, in pieces of any size. */
  write(stream: LogLine['stream'], text: string): void {
    const pieces = (this.#partial[stream] + text).split(/\r?\n/)
    const rest = pieces.pop() ?? ''
    for (const piece of pieces) this.#add({ stream, text: piece })
    if (rest.length > LINE_LIMIT) this.#add({ stream, text: rest })
    this.#partial[stream] = rest.length > LINE_LIMIT ? '' : rest
  }

  /** The kept lines, oldest first; a last one without a newline included. */
  get lines(): readonly LogLine[] {
    const open = (['stdout', 'stderr'] as const).filter((stream) => this.#partial[stream] !== '')
    return [...this.#lines, ...open.map((stream) => ({ stream, text: this.#partial[stream] }))]
  }

  /**
   * What the process said last: its last line on stderr, where errors are plain, else the last on stdout, of which a
   * JSON log line gives its message. Of a stack trace it is the line that names the error.
   */
  get lastWords(): string | undefined {
    const spoken = this.lines.filter(({ text }) => text.trim() !== '')
    const errors = spoken.filter(({ stream }) => stream === 'stderr')
    const last =
      errors.findLast(({ text }) => /^(Uncaught )?\w*Error\b.*: /.test(text)) ?? errors.at(-1) ?? spoken.at(-1)
    return last && plain(last.text)
  }

  #add(line: LogLine): void {
    this.#lines.push(line)
    if (this.#lines.length > this.#capacity) this.#lines.shift()
    this.#onLine(line)
  }
}

function plain(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown }
    return typeof msg === 'string' ? msg : line.trim()
  } catch {
    return line.trim()
  }
}
