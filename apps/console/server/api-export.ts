import type { FastifyInstance } from 'fastify'
import { exportRun } from './export-run.ts'
import type { Stage } from './stage.ts'

/** `GET /api/export?lang=` answers the current run as one HTML file that needs nothing else. Ids are masked in it as everywhere. */
export function exportRoute(app: FastifyInstance, stage: Stage): void {
  app.get<{ Querystring: { lang?: string } }>('/api/export', (request, reply) => {
    const lang = request.query.lang === 'ko' ? 'ko' : 'en'
    const name = `session-cluster-run-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.html`
    return reply
      .type('text/html; charset=utf-8')
      .header('content-disposition', `attachment; filename="${name}"`)
      .header('cache-control', 'no-store')
      .send(
        exportRun(
          { lanes: stage.laneViews(), users: stage.traffic.views(), ...stage.history() },
          { lang, startedAt: stage.startedAt, now: Date.now() },
        ),
      )
  })
}
