// node:http alone, with the same routes and answers: what withSessions is compared with.
import { createServer } from 'node:http'
import { announceServer, answer, seeded } from './listen.ts'

announceServer(
  createServer((request, response) => answer(response, request.url === '/write' ? { ok: true } : { q: seeded })),
)
