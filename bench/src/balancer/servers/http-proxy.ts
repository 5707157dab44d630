// http-proxy as its README uses it, with a keep-alive agent, between two nodes by turns: no health, affinity or events.
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import httpProxy from 'http-proxy'

const targets = (process.env.NODES ?? '').split(',').map((port) => `http://127.0.0.1:${port}`)
const proxy = httpProxy.createProxyServer({ agent: new Agent({ keepAlive: true }) })
proxy.on('error', (_, __, response) => void response.end())
let turn = 0
const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  proxy.web(request, response, { target: targets[turn++ % targets.length] as string })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit(0))
