import type { FastifyInstance } from 'fastify'
import { answerJson } from '../answer.ts'
import { explainMissing } from '../missing.ts'
import type { Parts } from '../parts.ts'
import { redisCliLine } from '../redis-cli.ts'

/**
 * `GET /whoami` answers JSON: the node, the mode, the cookie that came (masked), and the session with its times,
 * its Redis key and the `redis-cli` line that shows it. Without a session, `session` is `null` and `why` says why.
 * Makes no session and shows no id.
 */
export function whoamiRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.get('/whoami', async (request, reply) => {
    const session = sessions.of(request)
    const info = await session.info()
    const report = session.report()
    const { cookie, reason } = explainMissing(config, report, '')
    const about = { node: config.nodeName, mode: config.mode, cookie }
    if (!info) return answerJson(reply, { ...about, session: null, why: reason })
    const { isNew, createdAt, lastAccessedAt, maskedId, user, storageKey } = info
    return answerJson(reply, {
      ...about,
      session: {
        id: maskedId,
        isNew,
        createdAt: new Date(createdAt).toISOString(),
        lastAccessedAt: new Date(lastAccessedAt).toISOString(),
        user: user ?? null,
        attributes: await session.keys(),
        ...whereStored(config, storageKey),
      },
    })
  })
}

function whereStored(config: Parts['config'], key: string | undefined): Record<string, string | null> {
  if (config.redis && key !== undefined)
    return { redisKey: key, redisCli: redisCliLine(config.redis, key), storedIn: 'Redis' }
  return { redisKey: null, redisCli: null, storedIn: `the memory of server ${config.nodeName}; nothing is in Redis` }
}
