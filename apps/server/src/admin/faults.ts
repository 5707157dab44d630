import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import { MOST_FAULT_MS } from '../faults.ts'
import type { Parts } from '../parts.ts'
import { milliseconds } from '../query.ts'

/**
 * Faults on order, for where nobody can send the process a signal: `POST /crash` dies at once, `POST /freeze?ms=`
 * stands still, `POST /slow?ms=` delays every request from now on (0 ends it). The first two answer 202 and act then.
 */
export function faultRoutes(app: FastifyInstance, { config, faults, log }: Parts): void {
  const { nodeName: node } = config

  app.post('/crash', (_request, reply) => {
    reply.raw.once('finish', () => {
      log.warn('crashing, as an operator asked')
      faults.crash()
    })
    return answerJson(reply.code(202), { node, crash: true })
  })

  app.post('/freeze', (request, reply) => {
    const ms = milliseconds(request, 'ms', MOST_FAULT_MS)
    reply.raw.once('finish', () => {
      log.warn({ ms }, 'freezing, as an operator asked')
      // The answer must have left the process before the thread stops.
      setImmediate(() => faults.freeze(ms))
    })
    return answerJson(reply.code(202), { node, freezeMs: ms })
  })

  app.post('/slow', (request, reply) => {
    faults.slowMs = milliseconds(request, 'ms', MOST_FAULT_MS)
    log.warn({ ms: faults.slowMs }, 'slowing down, as an operator asked')
    return answerJson(reply, { node, slowMs: faults.slowMs })
  })
}
