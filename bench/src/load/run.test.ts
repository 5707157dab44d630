import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { getRequest, type Job } from './job.ts'
import { runJob } from './run.ts'

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const job = (port: number, more: Partial<Job> = {}): Job => ({
  port,
  connections: 4,
  requests: 100,
  heads: [getRequest('/')],
  timeoutMs: 20_000,
  ...more,
})

test('a job makes exactly its requests over exactly its connections', async () => {
  const seen = new Set<unknown>()
  let requests = 0
  await using server = await serve((request, response) => {
    seen.add(request.socket)
    requests++
    response.end('ok')
  })
  expect(await runJob(job(server.port, { body: 'ok' }))).toMatchObject({ completed: 100, errors: 0, reconnects: 0 })
  expect([requests, seen.size]).toEqual([100, 4])
})

test('every head is used: connections walk through them', async () => {
  const paths = new Map<string, number>()
  await using server = await serve((request, response) => {
    paths.set(request.url ?? '', (paths.get(request.url ?? '') ?? 0) + 1)
    response.end('ok')
  })
  const heads = Array.from({ length: 8 }, (_, index) => getRequest(`/${index}`))
  await runJob(job(server.port, { heads, requests: 80 }))
  expect(paths.size).toBe(8)
})

test('answers outside 2xx and wrong bodies are errors', async () => {
  await using server = await serve((request, response) => {
    response.statusCode = request.url === '/bad' ? 503 : 200
    response.end('no')
  })
  expect(await runJob(job(server.port, { heads: [getRequest('/bad')] }))).toMatchObject({ completed: 100, errors: 100 })
  const wrong = await runJob(job(server.port, { body: 'yes' }))
  expect(wrong).toMatchObject({ completed: 100, errors: 100, firstError: 'wrong body: no' })
})

test('an announced close is followed, an unannounced one is an error', async () => {
  let answered = 0
  await using polite = await serve((_, response) => {
    if (++answered % 10 === 0) response.setHeader('connection', 'close')
    response.end('ok')
  })
  const followed = await runJob(job(polite.port))
  expect(followed).toMatchObject({ completed: 100, errors: 0 })
  expect(followed.reconnects).toBeGreaterThan(5)
  await using rude = await serve((request) => request.socket.destroy())
  expect((await runJob(job(rude.port))).errors).toBeGreaterThan(0)
})

test('a server that never answers ends the job at its bound', async () => {
  await using silent = await serve(() => {})
  const result = await runJob(job(silent.port, { timeoutMs: 50 }))
  expect(result).toMatchObject({ completed: 0, errors: 1 })
  expect(result.firstError).toContain('gave up after 50 ms')
})
