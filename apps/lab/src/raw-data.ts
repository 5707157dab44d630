import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { footer, type History, header, historyOf, type Row, type Settings } from './history.ts'

/** A history that is being written: a file of one JSON object per line (NDJSON), and the same rows at hand. */
export interface Recording extends AsyncDisposable {
  write(row: Readonly<Record<string, unknown>>): void
  /** What was written so far, as the file has it. */
  history(): History
  /** Nothing comes after this: the history is complete. */
  end(): void
}

/** Opens a new file, replacing an old one of that name. Rows are on the disk once it is disposed of. */
export function recording(path: string, settings: Settings): Recording {
  const stream = createWriteStream(path)
  const done = finished(stream)
  done.catch(() => {}) // Reported when disposed of.
  const rows: Row[] = []
  const line = (row: object) => {
    const json = JSON.stringify(row)
    stream.write(`${json}\n`)
    return json
  }
  line(header(settings))
  return {
    // Read back at once: what JSON changes (`undefined`, NaN) must not make a difference between a run and its file.
    write: (row) => void rows.push(JSON.parse(line(row)) as Row),
    history: () => historyOf(settings, rows),
    end: () => void line(footer),
    async [Symbol.asyncDispose]() {
      stream.end()
      await done
    },
  }
}
