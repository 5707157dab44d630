import { fork } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Cluster, freePort, which } from '@session-cluster/cluster'
import { attemptTo } from '@session-cluster/visitor'
import type { Lab } from '../experiment.ts'
import type { HaproxyOrder } from './haproxy-keeper.ts'
import { until } from './until.ts'

/** A HAProxy before a cluster's nodes, beside the cluster's own balancer. */
export interface Haproxy extends AsyncDisposable {
  readonly url: string
}

/** Where `haproxy` is on this machine; nothing where it is not. */
export function findHaproxy(): Promise<string | undefined> {
  return which('haproxy', { PATH: [process.env.PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter) })
}

/** Starts one that pins clients by a cookie, checks the nodes' readiness and sends a client on when its node is down. */
export async function startHaproxy(lab: Lab, command: string, { nodes }: Cluster): Promise<Haproxy> {
  const port = await freePort()
  const config = `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  retries 2
  option redispatch
  retry-on conn-failure empty-response
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  balance roundrobin
  cookie HAPROXY insert indirect nocache httponly
  option httpchk GET /readyz
  default-server check inter 250 fall 1 rise 1
${nodes.map(({ name, url }) => `  server ${name} ${new URL(url).host} cookie ${name}`).join('\n')}
`
  const keeper = fork(fileURLToPath(new URL('haproxy-keeper.ts', import.meta.url)))
  keeper.send({ command, config } satisfies HaproxyOrder)
  const url = `http://127.0.0.1:${port}`
  const started = {
    url,
    async [Symbol.asyncDispose]() {
      if (keeper.exitCode !== null) return
      const gone = once(keeper, 'exit')
      if (keeper.connected) keeper.disconnect()
      await gone
    },
  }
  try {
    await until(lab, 'HAProxy answers', async () => {
      const attempt = await attemptTo(new URL('/readyz', url), { timeoutMs: 1000 })
      return attempt.ok && attempt.answer.status === 200
    })
  } catch (error) {
    await started[Symbol.asyncDispose]()
    throw error
  }
  return started
}
