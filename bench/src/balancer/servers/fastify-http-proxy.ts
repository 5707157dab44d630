// @fastify/http-proxy (undici beneath) between two nodes by turns: no health, affinity or events.
import type { AddressInfo } from 'node:net'
import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'

const targets = (process.env.NODES ?? '').split(',').map((port) => `http://127.0.0.1:${port}`)
let turn = 0
const app = Fastify({ keepAliveTimeout: 120_000 })
await app.register(proxy, {
  upstream: '',
  replyOptions: { getUpstream: () => targets[turn++ % targets.length] as string },
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.send?.({ port: (app.server.address() as AddressInfo).port })
process.on('disconnect', () => process.exit(0))
