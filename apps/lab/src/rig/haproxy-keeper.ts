// Keeps a HAProxy as a child and ends it with itself, and itself with its parent, however that ends.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the keeper is told: the whole configuration. */
export interface HaproxyOrder {
  readonly command: string
  readonly config: string
}

const folder = mkdtempSync(join(tmpdir(), 'lab-haproxy-'))
let end = () => process.exit(0)

process.once('message', ({ command, config }: HaproxyOrder) => {
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(file, config)
  const haproxy = spawn(command, ['-db', '-f', file], { stdio: 'ignore' })
  end = () => {
    haproxy.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  }
  haproxy.once('error', () => end())
  haproxy.once('exit', () => end())
  process.send?.('started', undefined, undefined, () => {})
})
process.on('disconnect', () => end())
