import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'

/** A file of raw rows, one JSON object per line (NDJSON). */
export interface RawData extends AsyncDisposable {
  write(row: Readonly<Record<string, unknown>>): void
}

/** Opens a new file, replacing an old one of that name. Rows are on the disk once it is disposed of. */
export function rawData(path: string): RawData {
  const stream = createWriteStream(path)
  const done = finished(stream)
  done.catch(() => {}) // Reported when disposed of.
  return {
    write: (row) => void stream.write(`${JSON.stringify(row)}\n`),
    async [Symbol.asyncDispose]() {
      stream.end()
      await done
    },
  }
}
