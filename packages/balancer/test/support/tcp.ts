import { readFileSync } from 'node:fs'

/** What the kernel waits for on each established connection that has this port at one end, as Linux tells it. */
export function tcpTimers(end: 'local' | 'remote', port: number): string[] {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8').trim().split('\n').slice(1),
  )
  return rows.flatMap((row) => {
    const [, local = '', remote = '', state, , timer = ''] = row.trim().split(/\s+/)
    const at = Number.parseInt((end === 'local' ? local : remote).split(':')[1] ?? '', 16)
    return state === ESTABLISHED && at === port ? [timer.startsWith('02') ? 'keepalive' : 'none'] : []
  })
}

const ESTABLISHED = '01'
