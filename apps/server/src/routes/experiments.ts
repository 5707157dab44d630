import { hash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { answerJson, answerText } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { milliseconds, oneField } from '../query.ts'

/** The most CPU time that one `GET /work` burns. */
export const MOST_WORK_MS = 1000
/** The longest that one `POST /slow-set` waits. */
export const MOST_WAIT_MS = 10_000

const BLOCK = Buffer.alloc(16 * 1024)

/**
 * What experiments need. `GET /work?ms=` burns that much CPU time of the node's thread: the same work on an idle
 * and on a busy machine. `POST /slow-set?q=&ms=` reads the session, waits, then writes `q`: a request for others to race.
 */
export function experimentRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.get('/work', async (request, reply) => {
    const cpuMs = burn(milliseconds(request, 'ms', MOST_WORK_MS))
    return answerJson(reply, { node: config.nodeName, cpuMs })
  })

  app.post('/slow-set', async (request, reply) => {
    const q = oneField(request, 'q')
    const waitMs = milliseconds(request, 'ms', MOST_WAIT_MS)
    const session = sessions.of(request)
    await session.get('q')
    await delay(waitMs)
    await session.set('q', q)
    return answerText(reply, `Saved: ${q}`)
  })
}

/** Keeps the thread busy until it has used `ms` of CPU time; answers what it used. */
function burn(ms: number): number {
  const start = process.threadCpuUsage()
  for (;;) {
    const { user, system } = process.threadCpuUsage(start)
    const usedMs = (user + system) / 1000
    if (usedMs >= ms) return usedMs
    hash('sha256', BLOCK)
  }
}
