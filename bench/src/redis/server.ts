import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@session-cluster/cluster/free-port'
import { endWithUs, stopChild } from '../measure/stop-child.ts'
import type { Program } from '../peers/program.ts'

/** A Redis of the bench's own: nothing of the user's is touched, nothing is written to disk. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly pid: number
}

/** Starts redis-server on a free loopback port without persistence. */
export async function startRedis(program: Program): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'bench-redis-'))
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = endWithUs(
    spawn(program.path, [...options, '--loglevel', 'warning', '--maxmemory-policy', 'noeviction'], {
      stdio: ['ignore', 'ignore', 2],
      env: program.env,
    }),
  )
  await once(child, 'spawn')
  while (child.exitCode === null && !(await answers(port))) await new Promise((tick) => setTimeout(tick, 20))
  if (child.exitCode !== null) throw new Error(`redis-server ended with code ${child.exitCode} at its start.`)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid as number,
    async [Symbol.asyncDispose]() {
      await stopChild(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {})
  try {
    await once(socket, 'connect')
    socket.write('PING\r\n')
    const [reply] = (await once(socket, 'data')) as [Buffer]
    return reply.toString().startsWith('+PONG')
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
