// A balancer whose affinity is strict: when a client's node is down the client waits for it and is sent to no other.
// A process of its own, started in the place of apps/balancer with the same variables.
import type { AddressInfo } from 'node:net'
import { controlOf, createAdmin, createBalancer } from '@session-cluster/balancer'

const {
  UPSTREAMS = '',
  BALANCER_PORT,
  ADMIN_PORT,
  AFFINITY_SECRET = '',
  BALANCER_TOKEN,
  HEALTH_INTERVAL_MS,
  HEALTH_TIMEOUT_MS,
} = process.env

const balancer = createBalancer({
  upstreams: UPSTREAMS.split(',').map((entry) => {
    const [name = '', url = ''] = entry.split('=')
    return { name, url }
  }),
  affinity: { secret: AFFINITY_SECRET, whenUnavailable: 'strict' },
  health: { path: '/readyz', intervalMs: Number(HEALTH_INTERVAL_MS), timeoutMs: Number(HEALTH_TIMEOUT_MS) },
  token: BALANCER_TOKEN,
})
const admin = createAdmin(controlOf(balancer), { about: () => ({ name: 'strict balancer of the lab' }) })
const url = await balancer.listen({ port: Number(BALANCER_PORT), host: '127.0.0.1' })
await new Promise<void>((resolve) => admin.listen(Number(ADMIN_PORT), '127.0.0.1', resolve))
process.once('SIGTERM', () => void balancer.close().then(() => process.exit(0)))
const adminUrl = `http://127.0.0.1:${(admin.address() as AddressInfo).port}`
process.stdout.write(`${JSON.stringify({ msg: 'ready', url, adminUrl })}\n`)
