// Keeps Redis Sentinels as children and ends them with itself, and itself with its parent, however that ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the keeper is told. The sentinels watch the primary under the name `sessions`, and two of them have to agree. */
export interface KeeperOrder {
  readonly server: string
  readonly primaryPort: number
  readonly ports: readonly number[]
  readonly downAfterMs: number
}

const folder = mkdtempSync(join(tmpdir(), 'lab-sentinel-'))
const sentinels: ChildProcess[] = []

function end(): void {
  for (const sentinel of sentinels) sentinel.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

process.once('message', ({ server, primaryPort, ports, downAfterMs }: KeeperOrder) => {
  for (const port of ports) {
    const file = join(folder, `${port}.conf`)
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor sessions 127.0.0.1 ${primaryPort} 2`,
      `sentinel down-after-milliseconds sessions ${downAfterMs}`,
      // When each of the three votes for itself, the next election comes after twice this time.
      'sentinel failover-timeout sessions 5000',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    sentinels.push(spawn(server, [file, '--sentinel'], { stdio: 'ignore' }))
  }
  process.send?.('started', undefined, undefined, () => {}) // The parent may be gone by now.
})
process.on('disconnect', end)
process.on('SIGTERM', end)
// A terminal's Ctrl-C comes here too: the parent decides when it is over.
process.on('SIGINT', () => {})
