import { createServer, type RequestListener } from 'node:http'

/**
 * Serves as every node of the project does: says in a line when it is ready, and answers `/readyz`. At SIGTERM it first says that it is
 * going, and serves on until the balancer must have heard it (`DRAIN_MS`).
 */
export function serveNode(handle: RequestListener): void {
  const { PORT, DRAIN_MS = '1500' } = process.env
  let isDraining = false
  const server = createServer((request, response) => {
    if (isDraining) response.setHeader('connection', 'close')
    if (request.url !== '/readyz') return handle(request, response)
    response.writeHead(isDraining ? 503 : 200).end()
  })
  server.keepAliveTimeout = 65_000
  server.listen(Number(PORT), '127.0.0.1', () => {
    const url = `http://127.0.0.1:${PORT}`
    process.stdout.write(`${JSON.stringify({ msg: 'ready', url, adminUrl: url })}\n`)
  })
  process.once('SIGTERM', () => {
    isDraining = true
    setTimeout(() => server.close(() => process.exit(0)), Number(DRAIN_MS))
  })
}
